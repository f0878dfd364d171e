import { AgentCard } from '@a2a-js/sdk'
import type { JsonObject } from '../wire/json.ts'
import { OPTIONAL_EXTENSION, REQUIRED_EXTENSION } from './extensions.ts'

/**
 * `full` has everything, `plain` nothing that is optional; `demanding` wants an extension, refuses media types that it
 * does not declare, and declares an extended card that it does not have.
 */
export const VARIANTS = ['full', 'plain', 'demanding'] as const
export type Variant = (typeof VARIANTS)[number]

const capabilities: Readonly<Record<Variant, JsonObject>> = {
  full: {
    streaming: true,
    pushNotifications: true,
    extendedAgentCard: true,
    extensions: [{ uri: OPTIONAL_EXTENSION, description: 'A tone of voice', required: false }],
  },
  plain: { streaming: false, pushNotifications: false, extendedAgentCard: false },
  demanding: {
    streaming: true,
    pushNotifications: false,
    extendedAgentCard: true,
    extensions: [{ uri: REQUIRED_EXTENSION, description: 'Nothing works without it', required: true }],
  },
}

/** Each binding at 1.0 and, behind it, at 0.3. */
export function agentCardOf(
  variant: Variant,
  { url, grpcAddress }: { url: string; grpcAddress: string },
): AgentCard {
  const interfaces = ['1.0', '0.3'].flatMap((protocolVersion) => [
    { url: `${url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion },
    { url: `${url}/rest`, protocolBinding: 'HTTP+JSON', protocolVersion },
    { url: grpcAddress, protocolBinding: 'GRPC', protocolVersion },
  ])
  return AgentCard.fromJSON({
    name: `Reference agent (${variant})`,
    description: 'Does what the id of a message asks for.',
    version: '1.0.0',
    provider: { organization: 'Parley', url: 'https://example.com/parley' },
    documentationUrl: 'https://example.com/reference-agent',
    supportedInterfaces: interfaces,
    capabilities: capabilities[variant],
    defaultInputModes: [
      'text/plain',
      'application/json',
      'audio/wav',
      'image/png',
      'application/octet-stream',
    ],
    defaultOutputModes: ['text/plain', 'application/json', 'audio/wav', 'image/png'],
    skills: [skill('behave', 'Behave', 'Behaves as asked.', ['reference', 'conformance'])],
  })
}

/** The full card with one more skill. */
export function extendedCardOf(card: AgentCard): AgentCard {
  const hidden = skill('behave-in-private', 'Behave in private', 'Only for those who signed in.', ['private'])
  return AgentCard.fromJSON({
    ...(AgentCard.toJSON(card) as JsonObject),
    skills: [...((AgentCard.toJSON(card) as JsonObject)['skills'] as JsonObject[]), hidden],
  })
}

function skill(id: string, name: string, description: string, tags: string[]): JsonObject {
  return {
    id,
    name,
    description,
    tags,
    examples: ['hello'],
    inputModes: ['text/plain'],
    outputModes: ['text/plain'],
  }
}
