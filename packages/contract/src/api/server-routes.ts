import { z } from 'zod'
import { OWNER_NAME, OWNER_NAME_MAX_LENGTH } from '../capability.ts'
import { REVISIONS } from '../revisions.ts'
import { contentSettings } from '../content.ts'
import type { ApiRoute } from './api-route.ts'

/** A server's name: lower-case words joined by single hyphens, as it stands in its address. */
export const serverName = z
  .string()
  .max(OWNER_NAME_MAX_LENGTH)
  .regex(OWNER_NAME, 'lower-case letters, digits and single hyphens')

const transport = z.enum(['http', 'stdio', 'openapi'])
const era = z.enum(REVISIONS)
const health = z.enum(['connecting', 'ready', 'unreachable', 'failing'])

const patterns = z.array(z.string().min(1).max(256)).min(1).max(500).optional()

/** Which operations of an OpenAPI document are tools: all that are not deprecated, unless something is said here. */
export const operationSelection = z.strictObject({
  tags: patterns.describe('Only operations with one of these tags.'),
  include: patterns.describe(
    'Only these: operation ids or "METHOD /path", * for anything. Beside tags: these too.',
  ),
  exclude: patterns.describe('Never these.'),
  deprecated: z.boolean().optional().describe('Deprecated operations too.'),
})

export const MAX_DOCUMENT_CHARACTERS = 24 * 1024 * 1024

/** The document that describes a service: at a URL, or as it is. */
const openapi = operationSelection.extend({
  url: z.string().max(2048).optional(),
  document: z.string().min(1).max(MAX_DOCUMENT_CHARACTERS).optional(),
})

/** What an administrator sends to add a server. Only HTTP: a stdio server comes from the configuration file alone. */
export const addServerBody = z.strictObject({
  name: serverName,
  /** The MCP endpoint; with `openapi`, where the service is called. */
  url: z.string().max(2048),
  /** The service speaks no MCP: its operations become tools. */
  openapi: openapi.optional(),
  /** Hold the server's definitions back until they are reviewed, instead of approving the first ones with it. */
  pending: z.boolean().default(false),
})

export const definitionView = z.object({
  kind: z.enum(['tool', 'prompt', 'template', 'instructions']),
  name: z.string(),
  /** `quarantined`: new or changed since approval, hidden and not callable; `gone`: approved, no longer offered. */
  state: z.enum(['approved', 'quarantined', 'gone']),
  hash: z.string(),
  approvedHash: z.string().nullable(),
  description: z.string().nullable(),
  firstSeenAt: z.number(),
  /** Why it is held back, for people: "changed since approval", "looks like github__send_email", … */
  reason: z.string().nullable(),
})

/** One changed place of a definition: a JSON Pointer and the values there. */
export const definitionDiff = z.object({ pointer: z.string(), before: z.unknown(), after: z.unknown() })

/** Something in a definition that a reviewer should look at: hidden text, or an order to the model. */
export const definitionFinding = z.object({ rule: z.string(), pointer: z.string(), excerpt: z.string() })

export const serverView = z.object({
  id: z.string(),
  name: z.string(),
  transport,
  /** The URL, or the command line of a stdio server. Never an environment value. */
  target: z.string(),
  source: z.enum(['file', 'api']),
  state: z.enum(['pending', 'approved']),
  health,
  era: era.nullable(),
  serverInfo: z.object({ name: z.string(), version: z.string() }).nullable(),
  lastError: z.string().nullable(),
  lastSeenAt: z.number().nullable(),
  counts: z.object({
    tools: z.number(),
    prompts: z.number(),
    templates: z.number(),
    quarantined: z.number(),
  }),
  /** What is looked for in what it offers and answers. */
  content: contentSettings,
  /** Its own endpoint, fully transparent. */
  endpoint: z.string(),
})

export const reviewBody = z.strictObject({
  /** Approve exactly these hashes: what the reviewer saw, so that a later change is not approved unseen. */
  approve: z
    .array(z.strictObject({ kind: definitionView.shape.kind, name: z.string(), hash: z.string() }))
    .max(5000),
})

export const serverTestView = z.object({
  ok: z.boolean(),
  era: era.nullable(),
  steps: z.array(
    z.object({ step: z.string(), ok: z.boolean(), detail: z.string(), milliseconds: z.number() }),
  ),
})

/** The secret goes in and never comes out again. */
const serverClientBody = z.strictObject({
  clientId: z.string().min(1).max(2048),
  clientSecret: z.string().min(1).max(2048).optional(),
  /** The authorization server that it is for; the one that the server names when absent. */
  issuer: z.string().max(2048).optional(),
})

const serverClientView = z.object({
  server: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  /** Where the authorization server sends people back to; it has to know this address. */
  redirectUri: z.string(),
})

export type AddServerBody = z.input<typeof addServerBody>
export type DefinitionView = z.infer<typeof definitionView>
export type ServerView = z.infer<typeof serverView>
export type ReviewBody = z.infer<typeof reviewBody>
export type ServerTestView = z.infer<typeof serverTestView>

const serverDetail = serverView.extend({
  definitions: z.array(
    definitionView.extend({ diff: z.array(definitionDiff), findings: z.array(definitionFinding) }),
  ),
})

/** MCP servers behind the hub. */
export const serverRoutes = {
  listServers: {
    method: 'GET',
    path: '/api/servers',
    summary: 'All servers',
    action: 'servers.read',
    response: z.object({ servers: z.array(serverView) }),
  },
  addServer: {
    method: 'POST',
    path: '/api/servers',
    summary: 'Add an HTTP server, or a service with an OpenAPI document, and approve its first definitions',
    action: 'servers.manage',
    body: addServerBody,
    bodyBytes: 2 * MAX_DOCUMENT_CHARACTERS,
    response: serverDetail,
  },
  showServer: {
    method: 'GET',
    path: '/api/servers/{name}',
    summary: 'One server with its definitions and what changed in each',
    action: 'servers.read',
    response: serverDetail,
  },
  reviewServer: {
    method: 'POST',
    path: '/api/servers/{name}/review',
    summary: 'Approve definitions by the hashes that were seen',
    action: 'servers.manage',
    body: reviewBody,
    response: serverDetail,
  },
  setServerContent: {
    method: 'PUT',
    path: '/api/servers/{name}/content',
    summary:
      'Say what is looked for in what a server offers and answers; what is left out is as for all servers',
    action: 'servers.manage',
    body: contentSettings.partial(),
    response: serverDetail,
  },
  refreshServer: {
    method: 'POST',
    path: '/api/servers/{name}/refresh',
    summary: 'Connect again and read the definitions now',
    action: 'servers.manage',
    response: serverDetail,
  },
  replaceDocument: {
    method: 'PUT',
    path: '/api/servers/{name}/document',
    summary: 'Send another version of the OpenAPI document of a server; what changed is held back',
    action: 'servers.manage',
    body: z.strictObject({ document: z.string().min(1).max(MAX_DOCUMENT_CHARACTERS) }),
    bodyBytes: 2 * MAX_DOCUMENT_CHARACTERS,
    response: serverDetail,
  },
  giveServerClient: {
    method: 'PUT',
    path: '/api/servers/{name}/client',
    summary: 'Enter the client_id under which this hub is registered at the authorization server of a server',
    action: 'servers.manage',
    body: serverClientBody,
    response: serverClientView,
  },
  takeServerClient: {
    method: 'DELETE',
    path: '/api/servers/{name}/client',
    summary: 'Forget the client_id that was entered',
    action: 'servers.manage',
    response: z.object({ removed: z.string() }),
  },
  removeServer: {
    method: 'DELETE',
    path: '/api/servers/{name}',
    summary: 'Remove a server, its definitions and its approvals',
    action: 'servers.manage',
    response: z.object({ removed: z.string() }),
  },
  testServer: {
    method: 'POST',
    path: '/api/servers/{name}/test',
    summary: 'Try each step of reaching a server and say what is wrong',
    action: 'servers.manage',
    response: serverTestView,
  },
} as const satisfies Record<string, ApiRoute>
