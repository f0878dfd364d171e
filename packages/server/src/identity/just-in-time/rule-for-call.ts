import { capabilityRule, type CapabilityName, type CapabilityRule, type Grant } from '@parley/contract'
import { matchesPattern } from '../../grants/index.ts'
import { valueAtPointer } from '../../lib/json-pointer.ts'

/** What people can be expected to read of one argument. */
const MAX_SHOWN_LENGTH = 200

/**
 * What would let just this call through: where the grant has conditions for the capability, those arguments with exactly the
 * values that they have here. A value that cannot be said so, or read by a person, leaves the capability as a whole.
 */
export function ruleForCall(capability: CapabilityName, args: unknown, { terms }: Grant): CapabilityRule {
  const conditions = terms.capabilities
    .filter((rule) => matchesPattern(rule.capability, capability))
    .flatMap(({ where = [] }) => where)
  const pointers = [...new Set(conditions.map(({ pointer }) => pointer))]
  const values = pointers.map((pointer) => valueAtPointer(args, pointer))
  if (pointers.length === 0 || !values.every(isPlain)) return { capability }
  const where = pointers.map((pointer, at) => ({ pointer, equals: values[at] }))
  const read = capabilityRule.safeParse({ capability, where })
  return read.success ? read.data : { capability }
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_SHOWN_LENGTH
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER
  return typeof value === 'boolean'
}
