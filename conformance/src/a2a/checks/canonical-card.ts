import { isObject } from '../wire/json.ts'
import type { Json, JsonObject } from '../wire/json.ts'

/** Members of the card's messages that stay whatever their value: REQUIRED, or with `optional` in the proto (§8.4.1). */
const KEPT: Readonly<
  Record<string, { readonly kept: readonly string[]; readonly of: Readonly<Record<string, string>> }>
> = {
  AgentCard: {
    kept: [
      'name',
      'description',
      'supportedInterfaces',
      'version',
      'documentationUrl',
      'capabilities',
      'defaultInputModes',
      'defaultOutputModes',
      'skills',
      'iconUrl',
    ],
    of: {
      supportedInterfaces: 'AgentInterface',
      provider: 'AgentProvider',
      capabilities: 'AgentCapabilities',
      skills: 'AgentSkill',
      securitySchemes: 'map',
      securityRequirements: 'SecurityRequirement',
    },
  },
  AgentInterface: { kept: ['url', 'protocolBinding', 'protocolVersion'], of: {} },
  AgentProvider: { kept: ['url', 'organization'], of: {} },
  AgentCapabilities: {
    kept: ['streaming', 'pushNotifications', 'extendedAgentCard'],
    of: { extensions: 'AgentExtension' },
  },
  AgentExtension: { kept: [], of: { params: 'struct' } },
  AgentSkill: {
    kept: ['id', 'name', 'description', 'tags'],
    of: { securityRequirements: 'SecurityRequirement' },
  },
  SecurityRequirement: { kept: [], of: { schemes: 'map' } },
  // Requirements of schemes: all members that the proto requires of any kind.
  other: {
    kept: [
      'location',
      'name',
      'scheme',
      'flows',
      'openIdConnectUrl',
      'authorizationUrl',
      'tokenUrl',
      'deviceAuthorizationUrl',
      'scopes',
    ],
    of: { scopes: 'struct' },
  },
}

/** The card without members that have their default and are neither required nor set on purpose (§8.4.1). */
export function withoutDefaults(message: string, value: JsonObject): JsonObject {
  const { kept, of } = KEPT[message] ?? KEPT['other']!
  const rest: JsonObject = {}
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined || (!kept.includes(name) && isDefault(member))) continue
    rest[name] = stripMember(of[name] ?? 'other', member)
  }
  return rest
}

function stripMember(message: string, member: Json): Json {
  if (message === 'struct') return member
  if (Array.isArray(member))
    return member.map((each) => (isObject(each) ? withoutDefaults(message, each) : each))
  if (!isObject(member)) return member
  if (message !== 'map') return withoutDefaults(message, member)
  // The entries of a map stay, whatever they are.
  return Object.fromEntries(
    Object.entries(member).map(([name, entry]) => [
      name,
      isObject(entry) ? withoutDefaults('other', entry) : entry,
    ]),
  )
}

function isDefault(member: Json): boolean {
  return (
    member === null ||
    member === '' ||
    member === false ||
    member === 0 ||
    (Array.isArray(member) && member.length === 0) ||
    (isObject(member) && Object.keys(member).length === 0)
  )
}

/** RFC 8785. */
export function canonicalize(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalize).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.keys(value)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${canonicalize(value[name] ?? null)}`)
  return `{${members.join(',')}}`
}
