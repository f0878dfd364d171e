import type { JsonObject } from '../lib/json-rpc.ts'

/** Every request has exactly the tenant that the agent's interface declares (specification §8.3.2). */
export function withTenant(request: JsonObject, tenant: string | undefined): JsonObject {
  if (request['tenant'] === tenant) return request
  const { tenant: _, ...rest } = request
  return tenant === undefined ? rest : { ...rest, tenant }
}
