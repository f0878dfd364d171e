import { ParleyError } from '@parley/contract'
import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import type { AgentCard, AgentSkill, SecurityRequirement } from '../model.ts'
import { setMembers } from './set-members.ts'
import type { V03Form } from './v03-form.ts'

/** The version that cards of 0.3 name in full. */
const V03_VERSION = '0.3.0'

/**
 * A card of 1.0 as 0.3 has it, with its interfaces of 0.3 alone; throws `unsupported_version` where it has none. The
 * signatures are of the card of 1.0, and go.
 */
export function cardToV03(card: AgentCard, form: V03Form): JsonObject {
  const [preferred, ...others] = card.supportedInterfaces.filter(({ protocolVersion }) =>
    /^0\.3(\.|$)/.test(protocolVersion),
  )
  if (preferred === undefined)
    throw new ParleyError('unsupported_version', 'The agent has no interface of A2A 0.3.')
  const { streaming, pushNotifications, extensions, extendedAgentCard } = card.capabilities
  return setMembers({
    protocolVersion: V03_VERSION,
    name: card.name,
    description: card.description,
    version: card.version,
    url: preferred.url,
    preferredTransport: preferred.protocolBinding,
    additionalInterfaces:
      others.length === 0
        ? undefined
        : others.map(({ url, protocolBinding }) => ({ url, transport: protocolBinding })),
    provider: card.provider,
    documentationUrl: card.documentationUrl,
    iconUrl: card.iconUrl,
    capabilities: setMembers({ streaming, pushNotifications, extensions }),
    supportsAuthenticatedExtendedCard: extendedAgentCard,
    securitySchemes: schemesToV03(card.securitySchemes, form),
    security: requirementsToV03(card.securityRequirements, form),
    defaultInputModes: card.defaultInputModes,
    defaultOutputModes: card.defaultOutputModes,
    skills: (card.skills ?? []).map((skill) => skillToV03(skill, form)),
  })
}

function skillToV03(skill: AgentSkill, form: V03Form): JsonObject {
  const { id, name, description, tags, examples, inputModes, outputModes } = skill
  return setMembers({
    id,
    name,
    description: description ?? '',
    tags: tags ?? [],
    examples,
    inputModes,
    outputModes,
    security: requirementsToV03(skill.securityRequirements, form),
  })
}

function requirementsToV03(requirements: readonly SecurityRequirement[] | undefined, form: V03Form): unknown {
  if (requirements === undefined || requirements.length === 0) return undefined
  if (form === 'proto') return requirements
  return requirements.map(({ schemes }) =>
    Object.fromEntries(Object.entries(schemes ?? {}).map(([name, { list }]) => [name, list ?? []])),
  )
}

function schemesToV03(schemes: AgentCard['securitySchemes'], form: V03Form): unknown {
  if (schemes === undefined) return undefined
  return Object.fromEntries(
    Object.entries(schemes).map(([name, scheme]) => {
      const older = withoutNewer(scheme)
      return [name, form === 'proto' ? older : schemeToV03(older)]
    }),
  )
}

/** 0.3 has neither the flow of devices nor the word for PKCE, and its strict readers refuse what they do not know. */
function withoutNewer(scheme: JsonObject): JsonObject {
  const oauth2 = scheme['oauth2SecurityScheme']
  if (!isObject(oauth2) || !isObject(oauth2['flows'])) return scheme
  const { deviceCode: _deviceCode, authorizationCode, ...others } = oauth2['flows']
  if (!isObject(authorizationCode)) return { oauth2SecurityScheme: { ...oauth2, flows: others } }
  const { pkceRequired: _pkceRequired, ...older } = authorizationCode
  return { oauth2SecurityScheme: { ...oauth2, flows: { ...others, authorizationCode: older } } }
}

function schemeToV03(scheme: JsonObject): JsonObject {
  const [kind, content] = Object.entries(scheme as Record<string, JsonObject>)[0] ?? ['', {}]
  switch (kind) {
    case 'apiKeySecurityScheme': {
      const { location, ...rest } = content
      return { type: 'apiKey', in: location, ...rest }
    }
    case 'httpAuthSecurityScheme':
      return { type: 'http', ...content }
    case 'oauth2SecurityScheme':
      return { type: 'oauth2', ...content }
    case 'openIdConnectSecurityScheme':
      return { type: 'openIdConnect', ...content }
    default:
      return { type: 'mutualTLS', ...content }
  }
}
