import { z } from 'zod'
import { idOf, instant, type ApiRoute } from './api-route.ts'
import { serverName } from './server-routes.ts'

const binding = z.enum(['JSONRPC', 'HTTP+JSON', 'GRPC'])
const protocolVersion = z.enum(['1.0', '0.3'])
const json = z.record(z.string(), z.unknown())
const hosts = z.array(z.string().min(1).max(262)).max(20)

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

const agentInterface = z.object({
  url: z.string(),
  protocolBinding: z.string(),
  protocolVersion: z.string(),
})

export const cardView = z.object({
  name: z.string(),
  source: z.enum(['file', 'api', 'self']),
  state: z.enum(['pending', 'approved']),
  /** The workload that it is, where it has an identity at this hub. */
  agent: idOf('agent').nullable(),
  cardUrl: z.string().nullable(),
  /** What the card calls it, and its version of it. */
  title: z.string().nullable(),
  version: z.string().nullable(),
  /** The interface that is used. */
  interface: agentInterface.nullable(),
  skills: z.number(),
  public: z.boolean(),
  allowHosts: z.array(z.string()),
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

const cardDetail = cardView.extend({
  /** As last seen. */
  card: json.nullable(),
})

export type AddCardBody = z.input<typeof addCardBody>
export type CardView = z.infer<typeof cardView>
export type CardDetail = z.infer<typeof cardDetail>

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
    bodyBytes: 2 * 1024 * 1024,
    response: cardDetail,
  },
  showCard: {
    method: 'GET',
    path: '/api/cards/{name}',
    summary: 'The card of an agent, and what changed in it',
    action: 'cards.read',
    response: cardDetail,
  },
  removeCard: {
    method: 'DELETE',
    path: '/api/cards/{name}',
    summary: 'Let an agent be asked no more; its identity, if it has one, stays',
    action: 'cards.manage',
    response: z.object({ removed: z.string() }),
  },
} as const satisfies Record<string, ApiRoute>
