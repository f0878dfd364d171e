import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import { setMembers } from './set-members.ts'

/** Each interface of a card of 0.3 speaks the version of the card, said here as `Major.Minor`. */
const DEFAULT_VERSION = '0.3'
const DEFAULT_TRANSPORT = 'JSONRPC'

/** A card of 0.3, in JSON or ProtoJSON form, as a card of 1.0; what has the wrong form is left to the check. */
export function cardFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  const { name, description, version, provider, documentationUrl, iconUrl, signatures } = json
  return setMembers({
    name,
    description,
    version,
    supportedInterfaces: interfacesOf(json),
    provider,
    documentationUrl,
    iconUrl,
    capabilities: capabilitiesOf(json),
    securitySchemes: eachMember(json['securitySchemes'], schemeFromV03),
    securityRequirements: eachItem(json['security'], requirementFromV03),
    defaultInputModes: json['defaultInputModes'],
    defaultOutputModes: json['defaultOutputModes'],
    skills: eachItem(json['skills'], skillFromV03),
    signatures,
  })
}

/** The preferred one first; agents may name it again among the others. */
function interfacesOf(card: JsonObject): unknown {
  const { url, preferredTransport, additionalInterfaces, protocolVersion } = card
  const version = toMajorMinor(protocolVersion)
  const others = Array.isArray(additionalInterfaces) ? additionalInterfaces : []
  const preferred = { url, transport: preferredTransport === '' ? undefined : preferredTransport }
  const seen = new Set<string>()
  return [preferred, ...others].flatMap((item: unknown) => {
    if (!isObject(item)) return [item]
    const protocolBinding = item['transport'] ?? DEFAULT_TRANSPORT
    const key = JSON.stringify([item['url'], protocolBinding])
    if (seen.has(key)) return []
    seen.add(key)
    return [{ url: item['url'], protocolBinding, protocolVersion: version }]
  })
}

function toMajorMinor(version: unknown): string {
  return (typeof version === 'string' ? /^\d{1,3}\.\d{1,3}/.exec(version)?.[0] : undefined) ?? DEFAULT_VERSION
}

function capabilitiesOf(card: JsonObject): unknown {
  const { capabilities } = card
  if (!isObject(capabilities)) return capabilities
  const { streaming, pushNotifications, extensions } = capabilities
  return setMembers({
    streaming,
    pushNotifications,
    extensions,
    extendedAgentCard: card['supportsAuthenticatedExtendedCard'],
  })
}

function skillFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  const { security, ...rest } = json
  return setMembers({ ...rest, securityRequirements: eachItem(security, requirementFromV03) })
}

/** `{ name: scopes }`, or `{ schemes: { name: { list: scopes } } }` in ProtoJSON. */
function requirementFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  if (isObject(json['schemes'])) return { schemes: json['schemes'] }
  return { schemes: eachMember(json, (scopes) => ({ list: scopes })) }
}

function schemeFromV03(json: unknown): unknown {
  if (!isObject(json)) return json
  const { type, description } = json
  switch (type) {
    case 'apiKey':
      return { apiKeySecurityScheme: setMembers({ description, location: json['in'], name: json['name'] }) }
    case 'http':
      return {
        httpAuthSecurityScheme: setMembers({
          description,
          scheme: json['scheme'],
          bearerFormat: json['bearerFormat'],
        }),
      }
    case 'oauth2':
      return {
        oauth2SecurityScheme: setMembers({
          description,
          flows: oneFlowOf(json['flows']),
          oauth2MetadataUrl: json['oauth2MetadataUrl'],
        }),
      }
    case 'openIdConnect':
      return {
        openIdConnectSecurityScheme: setMembers({ description, openIdConnectUrl: json['openIdConnectUrl'] }),
      }
    case 'mutualTLS':
      return { mtlsSecurityScheme: setMembers({ description }) }
    default:
      return json
  }
}

/** 1.0 has one flow in a scheme: the safest that 0.3 names. */
const FLOWS = ['authorizationCode', 'clientCredentials', 'implicit', 'password'] as const

function oneFlowOf(flows: unknown): unknown {
  if (!isObject(flows)) return flows
  const name = FLOWS.find((flow) => isObject(flows[flow]))
  return name === undefined ? {} : { [name]: flows[name] }
}

function eachItem(list: unknown, from: (json: unknown) => unknown): unknown {
  return Array.isArray(list) ? list.map(from) : list
}

function eachMember(map: unknown, from: (json: unknown) => unknown): unknown {
  return isObject(map)
    ? Object.fromEntries(Object.entries(map).map(([key, value]) => [key, from(value)]))
    : map
}
