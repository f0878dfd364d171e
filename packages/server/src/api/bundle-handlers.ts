import { ParleyError, type BundleDetail, type BundleView } from '@parley/contract'
import { membersOf, noBundle, serversOf, type Bundle, type Bundles } from '../bundles/index.ts'
import type { ManagedRegistry } from '../registry/index.ts'
import type { ApiHandlers } from './handlers.ts'

export interface BundleTools {
  /** Undefined where the authorization server runs alone. */
  readonly registry: ManagedRegistry | undefined
  readonly bundles: Bundles
  readonly origin: () => string
}

/** Selections of capabilities with an endpoint of their own. */
export function bundleHandlers({ registry, bundles, origin }: BundleTools) {
  const known = () => {
    if (registry) return registry
    throw new ParleyError('not_found', 'This hub is an authorization server alone, without MCP servers.')
  }
  const view = ({ name, source, terms }: Bundle, servers: readonly string[]): BundleView => ({
    ...terms,
    name,
    title: terms.title ?? null,
    description: terms.description ?? null,
    source,
    servers: [...servers],
    endpoint: `${origin()}/mcp/bundles/${name}`,
  })
  const withServers = (bundle: Bundle) =>
    view(
      bundle,
      serversOf(bundle, known()).map(({ name }) => name),
    )
  const detail = (bundle: Bundle): BundleDetail => ({
    ...withServers(bundle),
    members: membersOf(bundle, known()),
  })
  return {
    listBundles: async () => ({ bundles: registry ? bundles.list().map(withServers) : [] }),
    showBundle: async ({ parameters: { name } }) => {
      const bundle = bundles.find(name)
      if (!bundle) throw noBundle(name)
      return detail(bundle)
    },
    addBundle: async ({ body: { name, ...terms }, principal }) => {
      known()
      return detail(await bundles.add(name, terms, principal.subject))
    },
    changeBundle: async ({ parameters: { name }, body, principal }) =>
      detail(await bundles.change(name, body, principal.subject)),
    removeBundle: async ({ parameters: { name }, principal }) => {
      await bundles.remove(name, principal.subject)
      return { removed: name }
    },
  } satisfies Partial<ApiHandlers>
}
