import { ParleyError, type Principal } from '@parley/contract'
import type { AgentCard, Message } from '../a2a/index.ts'
import type { Access } from '../access/index.ts'
import {
  describeAgents,
  readAgentQuery,
  type AgentDescription,
  type AgentEntry,
  type Directory,
} from '../directory/index.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'

/** The hub among the agents: its own card is at the well-known place of its origin. */
export const OWN_AGENT = 'parley'

export interface OwnAgentTools {
  readonly directory: Directory
  readonly access: Pick<Access, 'visible'>
  readonly origin: () => string
  readonly version: string
  readonly startedAt: number
}

/**
 * The hub as an agent that other agents ask for agents (design §11): whoever may speak to the hub may ask it, and hears of
 * those that they may ask themselves.
 */
export function createOwnAgent(tools: OwnAgentTools): AgentEntry {
  const card = ownCard(tools.version)
  return {
    name: OWN_AGENT,
    card,
    cardHash: `parley ${tools.version}`,
    skills: card.skills,
    extensions: [],
    workload: undefined,
    isPublic: true,
    changedAt: tools.startedAt,
    link() {
      throw new ParleyError('unsupported_operation', 'The hub answers at once: it has no tasks of its own.')
    },
    answer: (principal, message) => answer(message, find(principal, message)),
  }

  function find(principal: Principal, message: Message) {
    const visible = tools.access.visible(principal)
    const { found, next } = tools.directory.search(readAgentQuery(queryOf(message)), visible)
    return { agents: describeAgents(found, tools.origin()), next }
  }
}

/** A data part is a query; text is what is to be done. */
function queryOf({ parts }: Message): JsonObject {
  const data = parts.find((part) => isObject(part.data))?.data
  if (isObject(data)) return data
  const text = parts.flatMap((part) => part.text ?? []).join(' ')
  if (text.trim() === '')
    throw new ParleyError(
      'content_type_not_supported',
      'Say in a text part what is to be done, or send a data part with text, skill, tag, inputMode, outputMode.',
    )
  return { text }
}

function answer(
  { messageId, contextId }: Message,
  found: { readonly agents: readonly AgentDescription[]; readonly next: string | null },
): Message {
  return {
    messageId: `agents-${messageId}`.slice(0, 200),
    role: 'ROLE_AGENT',
    contextId: contextId ?? `agents-${messageId}`.slice(0, 200),
    parts: [
      { text: inWords(found.agents), mediaType: 'text/plain' },
      { data: found, mediaType: 'application/json' },
    ],
  }
}

function inWords(agents: readonly AgentDescription[]): string {
  if (agents.length === 0)
    return 'No agent that you may ask does this. Say it in other words, or more briefly.'
  return agents.map(({ name, title, description }) => `${name} (${title}): ${description}`).join('\n')
}

function ownCard(version: string): AgentCard {
  return {
    name: 'Parley',
    description:
      'Finds agents of this hub by what they do. Each is asked at the endpoint that the answer names.',
    version,
    supportedInterfaces: [],
    capabilities: { streaming: false },
    defaultInputModes: ['text/plain', 'application/json'],
    defaultOutputModes: ['application/json', 'text/plain'],
    skills: [
      {
        id: 'find-agents',
        name: 'Find agents',
        description:
          'Finds agents by what is to be done, by skill, tag or media type, among those that the caller may ask.',
        tags: ['directory', 'discovery'],
        examples: ['Who can translate a contract?', '{"tag": "maps", "outputMode": "image/*"}'],
      },
    ],
  }
}
