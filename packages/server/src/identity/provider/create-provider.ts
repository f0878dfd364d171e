import type { Clients } from '../../clients/index.ts'
import type { PeopleDirectory } from '../../people/index.ts'
import type { PageKit } from '../../pages/index.ts'
import type { Random } from '../../lib/random.ts'
import { guardAuthorizationCodeGrant } from '../grant-types/authorization-code-grant.ts'
import { registerRefreshTokenGrant } from '../grant-types/refresh-token-grant.ts'
import { makeRefreshToken } from '../grant-types/rotate-refresh-token.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { Resources } from '../resources/resource.ts'
import { compareSecretsByHash } from '../workloads/prove-clients.ts'
import { createAdapterFactory, type AdapterTools } from './adapter.ts'
import { createConfiguration, privateJwk } from './configuration.ts'
import { createRenderError } from './error-page.ts'
import { forbidFormPost } from './forbid-form-post.ts'
import { Provider, replaceKeys } from './library.ts'

export interface ProviderTools extends AdapterTools {
  readonly random: Random
  readonly keys: SigningKeys
  readonly people: Pick<PeopleDirectory, 'find'>
  readonly clients: Pick<Clients, 'fetchKeys' | 'matchesSecret'>
  readonly pages: PageKit
  readonly resources: Resources
  readonly discovery: Readonly<Record<string, unknown>>
  readonly onError: (error: unknown) => void
}

/** oidc-provider on our stores, with our pages and our refresh rotation. */
export function createProvider(tools: ProviderTools): Provider {
  const provider = new Provider(
    tools.issuer,
    createConfiguration({
      ...tools,
      adapter: createAdapterFactory(tools),
      renderError: createRenderError(tools.pages),
    }),
  )
  // Addresses are made from headers that `copyRequest` wrote, never from the client's.
  provider.proxy = true
  Object.assign((provider.RefreshToken as unknown as { prototype: object }).prototype, {
    generateTokenId: () => makeRefreshToken(tools.random),
  })
  forbidFormPost(provider)
  compareSecretsByHash(provider, tools.clients)
  guardAuthorizationCodeGrant(provider)
  registerRefreshTokenGrant(provider, tools)
  tools.keys.onRotated(() => replaceKeys(provider, [privateJwk(tools.keys)]))
  provider.on('error', tools.onError)
  provider.on('server_error', (_context: unknown, error: unknown) => tools.onError(error))
  return provider
}
