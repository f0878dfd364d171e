import { z } from 'zod'
import { idOf, instant, text, type ApiRoute } from './api-route.ts'

/** What goes with calls to an agent. It is sealed and never shown again. */
const newAgentConnection = z.strictObject({
  /** One secret, sent where the agent's card wants it: a key, a token, or `user:password`. */
  secret: text(8192).optional(),
  /** Or the headers themselves. */
  headers: z
    .array(z.strictObject({ name: text(64), value: text(8192) }))
    .min(1)
    .max(8)
    .optional(),
  account: text(200).optional(),
})

const agentConnectionView = z.object({
  id: idOf('connection'),
  agent: z.string(),
  /** Null for the one that is shared by all who may ask the agent. */
  person: idOf('person').nullable(),
  /** Which account it is, in words for people. */
  account: z.string().nullable(),
  /** `reconnect`: it works no more. */
  state: z.enum(['connected', 'expiring', 'reconnect']),
  createdAt: instant,
  /** Exact to ten minutes. */
  usedAt: instant.nullable(),
})

const agentConnections = z.object({
  /** What the agent's card asks for: any of these ways, each with all of its schemes. None: it asks for nothing. */
  asks: z.array(
    z.array(
      z.object({
        scheme: z.string(),
        kind: z.enum(['key', 'cookie', 'bearer', 'basic', 'oauth', 'openid', 'unusable']),
      }),
    ),
  ),
  connections: z.array(agentConnectionView),
})

export type AgentConnectionView = z.infer<typeof agentConnectionView>
export type AgentConnections = z.infer<typeof agentConnections>

const SHARED = '/api/cards/{name}/connection'
const MINE = '/api/me/agents/{name}/connection'
const removed = z.object({ removed: idOf('connection') })

/** Credentials for agents that want one of their own. */
export const agentConnectionRoutes = {
  showAgentConnections: {
    method: 'GET',
    path: SHARED,
    summary: 'What an agent asks for, and all connections to it, without their secrets',
    action: 'connections.read',
    response: agentConnections,
  },
  setAgentConnection: {
    method: 'PUT',
    path: SHARED,
    summary: 'Set what everybody’s calls to an agent carry, in the place of what was before',
    action: 'connections.manage',
    body: newAgentConnection,
    response: agentConnectionView,
  },
  removeAgentConnection: {
    method: 'DELETE',
    path: SHARED,
    summary: 'End the shared connection to an agent',
    action: 'connections.manage',
    response: removed,
  },
  showMyAgentConnection: {
    method: 'GET',
    path: MINE,
    summary: 'What an agent asks for, and my own connection to it, without its secret',
    action: 'me.read',
    response: agentConnections,
  },
  setMyAgentConnection: {
    method: 'PUT',
    path: MINE,
    summary: 'Set what my calls to an agent carry, in the place of what was before',
    action: 'me.manage',
    body: newAgentConnection,
    response: agentConnectionView,
  },
  removeMyAgentConnection: {
    method: 'DELETE',
    path: MINE,
    summary: 'End my own connection to an agent',
    action: 'me.manage',
    response: removed,
  },
} as const satisfies Record<string, ApiRoute>
