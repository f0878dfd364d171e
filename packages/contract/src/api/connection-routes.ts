import { z } from 'zod'
import { idOf, instant, nextPage, pageQuery, text, type ApiRoute } from './api-route.ts'
import { serverName, serverTestView } from './server-routes.ts'

const connectionView = z.object({
  id: idOf('connection'),
  /** The server's name. */
  server: z.string(),
  /** Null for the one that is shared by all who may call the server. */
  person: idOf('person').nullable(),
  kind: z.enum(['headers', 'oauth']),
  issuer: z.string().nullable(),
  /** Which account it is, in words for people. */
  account: z.string().nullable(),
  /** `expiring`: it ends within a day and cannot be renewed. `reconnect`: it works no more. */
  state: z.enum(['connected', 'expiring', 'reconnect']),
  expiresAt: instant.nullable(),
  createdAt: instant,
  /** Exact to ten minutes. */
  usedAt: instant.nullable(),
})

export type ConnectionView = z.infer<typeof connectionView>

const ownerRule = z.enum(['shared', 'own', 'either'])

/** Headers with their secrets. They are sealed and never shown again. */
const newConnection = z.strictObject({
  server: serverName,
  headers: z
    .array(z.strictObject({ name: text(64), value: text(8192) }))
    .min(1)
    .max(8),
  account: text(200).optional(),
})

const list = z.object({ connections: z.array(connectionView), next: nextPage })
const removed = z.object({ removed: idOf('connection') })

/** Credentials for servers that want one of their own. */
export const connectionRoutes = {
  listConnections: {
    method: 'GET',
    path: '/api/connections',
    summary: 'All connections, shared and personal, without their secrets',
    action: 'connections.read',
    query: pageQuery,
    response: list.extend({
      /** Whose connection a call takes, where it is not `either`. */
      rules: z.array(z.object({ server: z.string(), owner: ownerRule })),
    }),
  },
  addConnection: {
    method: 'POST',
    path: '/api/connections',
    summary: 'Set the headers that everybody’s calls to a server carry, in the place of those before',
    action: 'connections.manage',
    body: newConnection,
    response: connectionView,
  },
  showConnection: {
    method: 'GET',
    path: '/api/connections/{connection}',
    summary: 'One connection, without its secret',
    action: 'connections.read',
    response: connectionView,
  },
  removeConnection: {
    method: 'DELETE',
    path: '/api/connections/{connection}',
    summary: 'End a connection and what runs with it',
    action: 'connections.manage',
    response: removed,
  },
  testConnection: {
    method: 'POST',
    path: '/api/connections/{connection}/test',
    summary: 'Try each step of reaching the server with a shared connection',
    action: 'connections.manage',
    response: serverTestView,
  },
  setConnectionRule: {
    method: 'PUT',
    path: '/api/servers/{name}/connections',
    summary: 'Say whose connection a call takes: the shared one, each person’s own, or either',
    action: 'connections.manage',
    body: z.strictObject({ owner: ownerRule }),
    response: z.object({ server: z.string(), owner: ownerRule }),
  },
  listMyConnections: {
    method: 'GET',
    path: '/api/me/connections',
    summary: 'My own connections, without their secrets',
    action: 'me.read',
    query: pageQuery,
    response: list,
  },
  addMyConnection: {
    method: 'POST',
    path: '/api/me/connections',
    summary: 'Set the headers that my calls to a server carry, in the place of those before',
    action: 'me.manage',
    body: newConnection,
    response: connectionView,
  },
  removeMyConnection: {
    method: 'DELETE',
    path: '/api/me/connections/{connection}',
    summary: 'End a connection of mine and what runs with it',
    action: 'me.manage',
    response: removed,
  },
  testMyConnection: {
    method: 'POST',
    path: '/api/me/connections/{connection}/test',
    summary: 'Try each step of reaching the server with a connection of mine',
    action: 'me.manage',
    response: serverTestView,
  },
} as const satisfies Record<string, ApiRoute>
