import type { ArgumentConstraint, CapabilityRule, GrantLimits } from '@parley/contract'

const KINDS: Readonly<Record<string, string>> = {
  tool: 'tools',
  resource: 'resources',
  template: 'resources found by a pattern',
  prompt: 'prompts',
  skill: 'skills',
}

/** Every rule in one line for people; what it names stands as it is. */
export function ruleInWords({ capability, where = [] }: CapabilityRule): string {
  const only = where.map(constraintInWords).join(', and ')
  return only === '' ? patternInWords(capability) : `${patternInWords(capability)}, only where ${only}`
}

/** `tool:files/read_*`: all tools of files whose names begin with “read_”. */
export function patternInWords(capability: string): string {
  if (!capability.endsWith('*')) return capability
  const start = capability.slice(0, -1)
  const [, kind = '', owner = '', name] = /^(?:([a-z]+):)?([^/]*)(?:\/(.*))?$/s.exec(start) ?? []
  const all = `all ${KINDS[kind] ?? 'capabilities'}`
  if (start === '') return 'everything you may use'
  if (kind === '' || !Object.hasOwn(KINDS, kind)) return `everything whose name begins with “${start}”`
  if (name === undefined)
    return owner === '' ? `${all} of every server` : `${all} of servers that begin with “${owner}”`
  return name === '' ? `${all} of ${owner}` : `${all} of ${owner} that begin with “${name}”`
}

/** What an argument must be, such as: path begins with “/tmp/”. */
export function constraintInWords(constraint: ArgumentConstraint): string {
  const { pointer, equals, oneOf, prefix, atMost, atLeast } = constraint
  const must = [
    ...(equals === undefined ? [] : [`is exactly ${valueInWords(equals)}`]),
    ...(oneOf === undefined ? [] : [`is one of ${oneOf.map(valueInWords).join(', ')}`]),
    ...(prefix === undefined ? [] : [`begins with “${prefix}”`]),
    ...(atLeast === undefined ? [] : [`is at least ${atLeast}`]),
    ...(atMost === undefined ? [] : [`is at most ${atMost}`]),
  ]
  return `${argumentName(pointer)} ${must.join(' and ')}`
}

export function limitsInWords({ calls, callsPerMinute, amount }: GrantLimits): string[] {
  return [
    ...(calls === undefined ? [] : [`${plural(calls, 'call')} in all`]),
    ...(callsPerMinute === undefined ? [] : [`${plural(callsPerMinute, 'call')} a minute`]),
    ...(amount === undefined
      ? []
      : [`${argumentName(amount.pointer)} adds up to ${amount.total} at most, over all calls`]),
  ]
}

/** In the largest unit that it is a whole number of. */
export function durationInWords(seconds: number): string {
  for (const [size, unit] of UNITS) if (seconds % size === 0) return plural(seconds / size, unit)
  return plural(seconds, 'second')
}

const UNITS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
] as const

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** A JSON Pointer (RFC 6901) as a path of names. */
function argumentName(pointer: string): string {
  const steps = pointer.slice(1).split('/')
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')).join(' › ')
}

function valueInWords(value: string | number | boolean | null): string {
  return typeof value === 'string' ? `“${value}”` : String(value)
}
