import { plainName } from './plain-name.ts'
import type { Operation } from './read-operations.ts'

/** Names stay usable with a server's name before them, where clients stop at 64 or 128 characters. */
const MAX_TOOL_NAME = 64

/**
 * A name for each operation, none twice: its operation id, or its method and path. Of several alike the later ones by
 * method and path get a number, so that the order of the document does not matter.
 */
export function nameTools(operations: readonly Operation[]): ReadonlyMap<Operation, string> {
  const names = new Map<Operation, string>()
  const taken = new Set<string>()
  const inOrder = operations.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
  // An operation that has a name of its own keeps it before any that is named after its path.
  for (const hasId of [true, false]) {
    for (const operation of inOrder) {
      if ((operation.operationId !== undefined) !== hasId) continue
      const name = firstFree(baseName(operation), taken)
      taken.add(name)
      names.set(operation, name)
    }
  }
  return names
}

function keyOf({ path, method }: Operation): string {
  return `${path} ${method}`
}

function baseName({ operationId, method, path }: Operation): string {
  const own = operationId === undefined ? '' : plainName(operationId, MAX_TOOL_NAME)
  return own === '' ? plainName(`${method.toLowerCase()} ${path}`, MAX_TOOL_NAME) : own
}

function firstFree(base: string, taken: ReadonlySet<string>): string {
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${plainName(base, MAX_TOOL_NAME - 4)}_${count}`
  return name
}
