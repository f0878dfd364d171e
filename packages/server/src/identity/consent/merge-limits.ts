import { ParleyError, type GrantLimits } from '@parley/contract'

/** One grant has one set of limits: of what several details ask for, the strictest, so that none gets more than was shown. */
export function mergeLimits(all: readonly GrantLimits[]): GrantLimits {
  const calls = least(all.map((limits) => limits.calls))
  const callsPerMinute = least(all.map((limits) => limits.callsPerMinute))
  const amounts = all.map(({ amount }) => amount).filter((amount) => amount !== undefined)
  const [first] = amounts
  if (amounts.some(({ pointer }) => pointer !== first?.pointer))
    throw new ParleyError(
      'invalid_request',
      'The app asks to limit two different amounts; one grant limits one.',
    )
  const total = least(amounts.map((amount) => amount.total))
  return {
    ...(calls !== undefined && { calls }),
    ...(callsPerMinute !== undefined && { callsPerMinute }),
    ...(first && total !== undefined && { amount: { pointer: first.pointer, total } }),
  }
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
