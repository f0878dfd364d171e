import type { ArgumentConstraint } from '@parley/contract'
import { parsePointer, valueAtSteps } from '../lib/json-pointer.ts'
import { leadsUpward } from './leads-upward.ts'

type Fields = Omit<ArgumentConstraint, 'pointer'>
type Scalar = string | number | boolean | null

export type MeetsConstraint = (args: unknown) => boolean

/**
 * Whether arguments meet the constraint. A value that is absent, or of another type, meets none; nor does an integer that
 * readers of JSON may take for another one (RFC 8259 §6).
 */
export function compileConstraint(constraint: ArgumentConstraint): MeetsConstraint {
  const steps = parsePointer(constraint.pointer)
  return (args) => {
    const value = valueAtSteps(args, steps)
    return isScalar(value) && !isInexact(value) && meetsFields(constraint, value)
  }
}

function meetsFields({ equals, oneOf, prefix, atMost, atLeast }: Fields, value: Scalar): boolean {
  if (equals !== undefined && value !== equals) return false
  if (oneOf !== undefined && !oneOf.includes(value)) return false
  if (prefix !== undefined && !hasPrefix(value, prefix)) return false
  if (atMost !== undefined && !(typeof value === 'number' && value <= atMost)) return false
  return atLeast === undefined || (typeof value === 'number' && value >= atLeast)
}

/** A path with a `..` segment may lead out of what its beginning promises: it has no prefix. */
function hasPrefix(value: unknown, prefix: string): boolean {
  return typeof value === 'string' && value.startsWith(prefix) && !leadsUpward(value)
}

/**
 * Whether every value that meets all of `inner` (constraints of one rule) meets `outer` too. May say no where the truth is
 * yes, never the other way.
 */
export function impliesConstraint(inner: readonly ArgumentConstraint[], outer: ArgumentConstraint): boolean {
  const same = inner.filter(({ pointer }) => pointer === outer.pointer)
  const listed = same.map(listedValues).find((values) => values !== undefined)
  if (listed) {
    const possible = listed.filter((value) => same.every((each) => meetsFields(each, value)))
    return possible.every((value) => meetsFields(outer, value))
  }
  const { equals, oneOf, prefix, atMost, atLeast } = outer
  if (equals !== undefined || oneOf !== undefined) return false
  if (prefix !== undefined && !same.some((each) => each.prefix?.startsWith(prefix))) return false
  if (atMost !== undefined && !same.some((each) => each.atMost !== undefined && each.atMost <= atMost))
    return false
  return atLeast === undefined || same.some((each) => each.atLeast !== undefined && each.atLeast >= atLeast)
}

function listedValues({ equals, oneOf }: Fields): readonly Scalar[] | undefined {
  return equals === undefined ? oneOf : [equals]
}

function isInexact(value: Scalar): boolean {
  return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER
}

function isScalar(value: unknown): value is Scalar {
  if (value === null) return true
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean'
}
