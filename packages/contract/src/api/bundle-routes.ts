import { z } from 'zod'
import { bundleName, bundleTerms } from '../bundle.ts'
import type { ApiRoute } from './api-route.ts'

export const bundleView = bundleTerms.extend({
  name: z.string(),
  title: z.string().nullable(),
  description: z.string().nullable(),
  source: z.enum(['file', 'api']),
  /** Servers that it names a capability of and that are there. */
  servers: z.array(z.string()),
  endpoint: z.string(),
})

const bundleDetail = bundleView.extend({
  /** What is in it now: approved, and under which name it is listed. */
  members: z.array(z.object({ capability: z.string(), name: z.string() })),
})

export type BundleView = z.infer<typeof bundleView>
export type BundleDetail = z.infer<typeof bundleDetail>

/** Selections of capabilities with an endpoint of their own. */
export const bundleRoutes = {
  listBundles: {
    method: 'GET',
    path: '/api/bundles',
    summary: 'All bundles',
    action: 'servers.read',
    response: z.object({ bundles: z.array(bundleView) }),
  },
  addBundle: {
    method: 'POST',
    path: '/api/bundles',
    summary: 'Add a bundle',
    action: 'servers.manage',
    body: bundleTerms.extend({ name: bundleName }),
    response: bundleDetail,
  },
  showBundle: {
    method: 'GET',
    path: '/api/bundles/{name}',
    summary: 'One bundle with what is in it now',
    action: 'servers.read',
    response: bundleDetail,
  },
  changeBundle: {
    method: 'PUT',
    path: '/api/bundles/{name}',
    summary: 'Change a bundle; what is left out has its default again',
    action: 'servers.manage',
    body: bundleTerms,
    response: bundleDetail,
  },
  removeBundle: {
    method: 'DELETE',
    path: '/api/bundles/{name}',
    summary: 'Remove a bundle and its endpoint',
    action: 'servers.manage',
    response: z.object({ removed: z.string() }),
  },
} as const satisfies Record<string, ApiRoute>
