import { z } from 'zod'
import { idOf, instant, type ApiRoute } from './api-route.ts'
import { definitionDiff, serverName, serverTestView } from './server-routes.ts'

const binding = z.enum(['JSONRPC', 'HTTP+JSON', 'GRPC'])
const protocolVersion = z.enum(['1.0', '0.3'])
const json = z.record(z.string(), z.unknown())
const hosts = z.array(z.string().min(1).max(262)).max(20)
const MAX_CARD_BODY_BYTES = 2 * 1024 * 1024

/** What an administrator sends to let an agent be asked. */
export const addCardBody = z.strictObject({
  /** The agent's name; one that is a workload too has the workload's. */
  name: serverName,
  /** Where its card is, or the agent below which it is found. */
  url: z.string().max(2048).optional(),
  /** The card itself, where it is published nowhere. */
  card: json.optional(),
  /** `host:port` where its interfaces may be, beside the origin of its card. */
  allowHosts: hosts.default([]),
  /** Which of its interfaces is taken; the first that is spoken here when absent. */
  binding: binding.optional(),
  version: protocolVersion.optional(),
  /** Show its card at the hub to those without a credential too. */
  public: z.boolean().default(false),
  /** Hold the card back until it is reviewed, instead of approving it with the agent. */
  pending: z.boolean().default(false),
})

const setCardBody = z.strictObject({
  allowHosts: hosts.optional(),
  /** Null: the first that is spoken here. */
  binding: binding.nullable().optional(),
  version: protocolVersion.nullable().optional(),
  public: z.boolean().optional(),
})

const reviewCardBody = z.strictObject({
  /** Of the card that was seen, so that no other is approved unseen. */
  hash: z.string().min(1).max(64),
  verdict: z.enum(['approve', 'reject']),
  /** Hosts that are allowed with it, beside those that are. */
  allowHosts: hosts.default([]),
})

const addCardKeysBody = z.strictObject({
  /** A JSON Web Key Set of public keys, each with a kid. */
  jwks: json,
  /** When they end, in milliseconds since the epoch; null: never. */
  expiresAt: instant.int().positive().nullable().default(null),
})

const health = z.object({
  /** Of the agent when it is called, and of its card when it is read. `unknown`: neither has happened since the start. */
  state: z.enum(['unknown', 'ready', 'failing', 'unreachable']),
  lastError: z.string().nullable(),
  lastSeenAt: instant.nullable(),
})

const agentInterface = z.object({ url: z.string(), protocolBinding: z.string(), protocolVersion: z.string() })

export const cardView = z.object({
  name: z.string(),
  /** Declared in parley.yaml, added by an administrator, or sent by the agent. */
  source: z.enum(['file', 'api', 'self']),
  state: z.enum(['pending', 'approved']),
  /** Whether it can be asked now; an agent that is suspended cannot. */
  served: z.boolean(),
  /** The workload that it is, where it has an identity at this hub. */
  agent: idOf('agent').nullable(),
  cardUrl: z.string().nullable(),
  /** What its approved card calls it, and its version. */
  title: z.string().nullable(),
  version: z.string().nullable(),
  /** The interface that is used. */
  interface: agentInterface.nullable(),
  skills: z.number(),
  public: z.boolean(),
  allowHosts: z.array(z.string()),
  health,
  /** `untrusted`: signed, but not by a key that is enrolled here. */
  signature: z.enum(['none', 'untrusted', 'verified']),
  /** Hashes of the card as last seen, and as approved. */
  hash: z.string().nullable(),
  approvedHash: z.string().nullable(),
  approvedBy: z.string().nullable(),
  approvedAt: instant.nullable(),
  /** Why the card as last seen is held back, for people. */
  reason: z.string().nullable(),
  /** Its address at the hub. */
  endpoint: z.string(),
})

const cardKeyView = z.object({
  kid: z.string(),
  publicKey: json,
  addedAt: instant,
  expiresAt: instant.nullable(),
})

const cardDetail = cardView.extend({
  /** As last seen. */
  card: json.nullable(),
  /** What of it is not as it was approved, by skill. */
  changes: z.array(
    z.object({
      /** Null: what is not of a skill. */
      skill: z.string().nullable(),
      change: z.enum(['added', 'removed', 'changed']),
      differences: z.array(definitionDiff),
    }),
  ),
  /** All interfaces of the card as last seen, and why one is not used. */
  interfaces: z.array(agentInterface.extend({ host: z.string().nullable(), why: z.string().nullable() })),
  keys: z.array(cardKeyView),
})

const skillView = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  examples: z.array(z.string()),
  inputModes: z.array(z.string()),
  outputModes: z.array(z.string()),
})

const foundAgentView = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  endpoint: z.string(),
  skills: z.array(skillView),
})

const filterWord = z.string().min(1).max(200)

const searchQuery = z.strictObject({
  text: z.string().max(1000).optional().describe('What is to be done, in words. All agents when absent.'),
  skill: filterWord.optional().describe('Only agents with this skill, by id or name.'),
  tag: filterWord.optional().describe('Only skills with this tag.'),
  inputMode: filterWord.optional().describe('Only skills that take this media type; image/* is any image.'),
  outputMode: filterWord.optional().describe('Only skills that give this media type.'),
  limit: z.coerce.number().int().min(1).max(50).default(10),
  cursor: z.string().max(100).optional().describe('`next` of the page before.'),
})

export type AddCardBody = z.input<typeof addCardBody>
export type CardView = z.infer<typeof cardView>
export type CardDetail = z.infer<typeof cardDetail>
export type FoundAgentView = z.infer<typeof foundAgentView>

const CARD = '/api/cards/{name}'

/** Agents that can be asked: their cards. */
export const cardRoutes = {
  listCards: {
    method: 'GET',
    path: '/api/cards',
    summary: 'The cards of all agents that can be asked',
    action: 'cards.read',
    response: z.object({ cards: z.array(cardView) }),
  },
  addCard: {
    method: 'POST',
    path: '/api/cards',
    summary: 'Let an agent be asked: read its card and approve it with the agent',
    action: 'cards.manage',
    body: addCardBody,
    bodyBytes: MAX_CARD_BODY_BYTES,
    response: cardDetail,
  },
  showCard: {
    method: 'GET',
    path: CARD,
    summary: 'The card of an agent, and what changed in it',
    action: 'cards.read',
    response: cardDetail,
  },
  setCard: {
    method: 'PATCH',
    path: CARD,
    summary: 'Change where an agent may be, which interface is used, and who sees its card',
    action: 'cards.manage',
    body: setCardBody,
    response: cardDetail,
  },
  reviewCard: {
    method: 'POST',
    path: `${CARD}/review`,
    summary: 'Approve or reject a card by the hash that was seen',
    action: 'cards.manage',
    body: reviewCardBody,
    response: cardDetail,
  },
  refreshCard: {
    method: 'POST',
    path: `${CARD}/refresh`,
    summary: 'Read the card now',
    action: 'cards.manage',
    response: cardDetail,
  },
  testCard: {
    method: 'POST',
    path: `${CARD}/test`,
    summary: 'Try each step of asking an agent, without making it do anything',
    action: 'cards.manage',
    response: serverTestView.omit({ era: true }),
  },
  addCardKeys: {
    method: 'POST',
    path: `${CARD}/keys`,
    summary: 'Enrol public keys: from now on the card must be signed with one of those that are enrolled',
    action: 'cards.manage',
    body: addCardKeysBody,
    response: cardDetail,
  },
  removeCardKey: {
    method: 'DELETE',
    path: `${CARD}/keys/{kid}`,
    summary: 'Trust a key no longer; without any key the card need not be signed',
    action: 'cards.manage',
    response: cardDetail,
  },
  removeCard: {
    method: 'DELETE',
    path: CARD,
    summary: 'Let an agent be asked no more; its identity, if it has one, stays',
    action: 'cards.manage',
    response: z.object({ removed: z.string() }),
  },
  searchAgents: {
    method: 'GET',
    path: '/api/directory',
    summary: 'Find agents by what they do, among those that the caller may ask',
    action: 'directory.read',
    query: searchQuery,
    response: z.object({ agents: z.array(foundAgentView), next: z.string().nullable() }),
  },
  showMyCard: {
    method: 'GET',
    path: '/api/me/card',
    summary: "An agent's own card as it stands at the hub",
    action: 'me.card',
    response: cardDetail,
  },
  sendMyCard: {
    method: 'PUT',
    path: '/api/me/card',
    summary: 'Send the own card, as an agent; it is served once it is reviewed',
    action: 'me.card',
    body: z.strictObject({ card: json }),
    bodyBytes: MAX_CARD_BODY_BYTES,
    response: cardDetail,
  },
  removeMyCard: {
    method: 'DELETE',
    path: '/api/me/card',
    summary: 'Be asked no more, as an agent that sent its card',
    action: 'me.card',
    response: z.object({ removed: z.string() }),
  },
} as const satisfies Record<string, ApiRoute>
