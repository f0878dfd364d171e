import { canonicalJson } from '../lib/jcs.ts'
import { isObject } from '../lib/json-rpc.ts'

export interface Change {
  /** JSON Pointer (RFC 6901). */
  readonly pointer: string
  readonly before?: unknown
  readonly after?: unknown
}

const MAX_CHANGES = 200

/** Where two JSON values differ, deepest places first found, at most 200. */
export function diffDefinitions(before: unknown, after: unknown): Change[] {
  const changes: Change[] = []
  compare(before, after, '', changes)
  return changes
}

function compare(before: unknown, after: unknown, pointer: string, changes: Change[]): void {
  if (changes.length >= MAX_CHANGES || same(before, after)) return
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(
        before[key],
        after[key],
        `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        changes,
      )
    }
    return
  }
  changes.push({
    pointer,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  })
}

function same(before: unknown, after: unknown): boolean {
  if (before === undefined || after === undefined) return before === after
  return canonicalJson(before) === canonicalJson(after)
}
