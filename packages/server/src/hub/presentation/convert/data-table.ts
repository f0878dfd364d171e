import { isRawNumber } from '../../../lib/exact-numbers.ts'
import { isObject } from '../../../lib/json-rpc.ts'

export interface DataTable {
  readonly header: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

const MAX_COLUMNS = 50

/** Data that is a table: a list of objects, or one object, which is a row. Undefined for anything else. */
export function tableOf(data: unknown): DataTable | undefined {
  const list = Array.isArray(data) ? data : [data]
  if (list.length === 0 || !list.every((one) => isObject(one) && !isRawNumber(one))) return undefined
  const header = new Set<string>()
  for (const one of list) {
    for (const name of Object.keys(one)) header.add(name)
    if (header.size > MAX_COLUMNS) return undefined
  }
  if (header.size === 0) return undefined
  const names = [...header]
  return {
    header: names,
    rows: list.map((one) => names.map((name) => (Object.hasOwn(one, name) ? one[name] : undefined))),
  }
}
