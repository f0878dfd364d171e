import { isObject, type JsonObject } from '../../lib/json-rpc.ts'

/**
 * Agents of the JavaScript SDK 1.3 serve the security schemes of their card as its generated code holds them,
 * `{ scheme: { $case, value } }`. What is in the form of ProtoJSON stays as it is.
 */
export function plainOneofs(card: JsonObject): JsonObject {
  const schemes = card['securitySchemes']
  if (!isObject(schemes) || !Object.values(schemes).some(isHeld)) return card
  return {
    ...card,
    securitySchemes: Object.fromEntries(
      Object.entries(schemes).map(([name, scheme]) => [name, isHeld(scheme) ? plainScheme(scheme) : scheme]),
    ),
  }
}

function plainScheme(scheme: JsonObject): unknown {
  const { $case: kind, value } = scheme['scheme'] as JsonObject
  if (!isObject(value) || !isObject(value['flows'])) return { [String(kind)]: value }
  const { flow } = value['flows']
  if (!isObject(flow)) return { [String(kind)]: value }
  return { [String(kind)]: { ...value, flows: { [String(flow['$case'])]: flow['value'] } } }
}

function isHeld(scheme: unknown): scheme is JsonObject {
  return isObject(scheme) && isObject(scheme['scheme']) && typeof scheme['scheme']['$case'] === 'string'
}
