import { z } from 'zod'
import { idOf, text, type ApiRoute } from './api-route.ts'

export const resourceView = z.object({
  /** Null for what parley.yaml declares. */
  id: idOf('resource').nullable(),
  resource: z.string(),
  name: z.string(),
  scopes: z.record(z.string(), z.string()),
  source: z.enum(['file', 'api']),
})

export type ResourceView = z.infer<typeof resourceView>

/** Servers outside the hub that trust its tokens (RFC 8707); whoever is not listed gets none. */
export const resourceRoutes = {
  listResources: {
    method: 'GET',
    path: '/api/resources',
    summary: 'Outside servers that tokens may be for',
    action: 'resources.read',
    response: z.object({ resources: z.array(resourceView) }),
  },
  addResource: {
    method: 'POST',
    path: '/api/resources',
    summary: 'Let tokens be for an outside server',
    action: 'resources.manage',
    body: z.strictObject({
      resource: text(2048),
      name: text(64),
      /** Each scope with what it allows, in words for people. */
      scopes: z.record(text(128), text(200)),
    }),
    response: resourceView,
  },
  removeResource: {
    method: 'DELETE',
    path: '/api/resources/{resource}',
    summary: 'No more tokens for it; those there are live until they expire',
    action: 'resources.manage',
    response: z.object({ removed: idOf('resource') }),
  },
} as const satisfies Record<string, ApiRoute>
