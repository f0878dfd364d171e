import { z } from 'zod'
import { idOf, instant, nextPage, pageQuery, text, type ApiRoute } from './api-route.ts'

export const appView = z.object({
  id: idOf('app'),
  clientId: z.string(),
  name: z.string(),
  /** How it came in: by its metadata document, by registering itself, or by an administrator. */
  source: z.enum(['cimd', 'dcr', 'static']),
  /** The host that vouches for the name; null: nobody does, but for a `static` one the administrator who entered it. */
  verifiedHost: z.string().nullable(),
  state: z.enum(['active', 'suspended']),
  redirectUris: z.array(z.string()),
  authMethod: z.string(),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
})

/** Client metadata (RFC 7591 §2) that an administrator sets; what is left out is a public client with PKCE. */
export const addAppBody = z.strictObject({
  name: text(64),
  redirectUris: z.array(text(2048)).min(1).max(20),
  /** `native`: the port of a loopback redirect may differ (RFC 8252 §7.3). */
  applicationType: z.enum(['web', 'native']).optional(),
  authMethod: z.enum(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']).optional(),
  jwks: z.record(z.string(), z.unknown()).optional(),
  jwksUri: z.string().max(2048).optional(),
})

export type AppView = z.infer<typeof appView>
export type AddAppBody = z.input<typeof addAppBody>

const APP = '/api/apps/{app}'

/** LLM apps: OAuth clients that act for people. */
export const appRoutes = {
  listApps: {
    method: 'GET',
    path: '/api/apps',
    summary: 'All apps, newest first',
    action: 'clients.read',
    query: pageQuery,
    response: z.object({ apps: z.array(appView), next: nextPage }),
  },
  showApp: { method: 'GET', path: APP, summary: 'One app', action: 'clients.read', response: appView },
  addApp: {
    method: 'POST',
    path: '/api/apps',
    summary: 'Add an app by hand; its secret, where it has one, is told once',
    action: 'clients.manage',
    body: addAppBody,
    response: z.object({ app: appView, secret: z.string().nullable() }),
  },
  suspendApp: {
    method: 'POST',
    path: `${APP}/suspend`,
    summary: 'It gets no tokens, and those it has end at once',
    action: 'clients.manage',
    response: appView,
  },
  reactivateApp: {
    method: 'POST',
    path: `${APP}/reactivate`,
    summary: 'Let it get tokens again',
    action: 'clients.manage',
    response: appView,
  },
  revokeApp: {
    method: 'POST',
    path: `${APP}/revoke`,
    summary: 'End every grant that people gave it; it may ask them again',
    action: 'grants.manage',
    response: z.object({ ended: z.array(idOf('grant')) }),
  },
  removeApp: {
    method: 'DELETE',
    path: APP,
    summary: 'Remove the app; its grants and tokens end',
    action: 'clients.manage',
    response: z.object({ removed: idOf('app') }),
  },
} as const satisfies Record<string, ApiRoute>
