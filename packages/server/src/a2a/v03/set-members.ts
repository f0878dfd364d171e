import type { JsonObject } from '../../lib/json-rpc.ts'

/** An object of the members that are set: neither undefined nor `null`. */
export function setMembers(members: JsonObject): JsonObject {
  const object: Record<string, unknown> = {}
  for (const name in members) {
    const value = members[name]
    if (value !== undefined && value !== null) object[name] = value
  }
  return object
}
