import type { CapabilityName } from '@parley/contract'

/** All that an agent does: a message names no skill of its own. */
export function wholeOf(agent: string): CapabilityName {
  return `skill:${agent}/*`
}
