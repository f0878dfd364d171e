import { PAGE_SIZE, ParleyError, isId, type AddAppBody, type AppId, type GrantId } from '@parley/contract'
import type { App, Clients } from '../clients/index.ts'
import type { Grants } from '../grants/index.ts'
import type { ApiHandlers } from './handlers.ts'

export interface AppTools {
  readonly clients: Pick<Clients, 'apps' | 'app'>
  readonly grants: Pick<Grants, 'list' | 'revoke'>
}

/** LLM apps. */
export function appHandlers({ clients, grants }: AppTools) {
  const { apps } = clients
  const known = (id: AppId): App => {
    const app = clients.app(id)
    if (!app) throw new ParleyError('not_found', 'There is no such app.')
    return app
  }
  return {
    listApps: async ({ query: { after } }) => {
      if (after !== undefined && !isId('app', after))
        throw new ParleyError('invalid_params', 'after: the id of an app')
      const page = apps.list(after)
      return { apps: page, next: page.length === PAGE_SIZE ? page.at(-1)!.id : null }
    },
    showApp: async ({ parameters }) => known(parameters.app),
    addApp: async ({ body, principal }) => {
      const { app, secret } = await apps.create(toMetadata(body), principal.subject)
      return { app, secret: secret ?? null }
    },
    suspendApp: ({ parameters, principal }) => apps.suspend(parameters.app, principal.subject),
    reactivateApp: ({ parameters, principal }) => apps.resume(parameters.app, principal.subject),
    revokeApp: async ({ parameters, principal }) => {
      const { id } = known(parameters.app)
      const ended: GrantId[] = []
      for (const grant of grants.list({ holder: { kind: 'app', id } }))
        ended.push(...(await grants.revoke(grant.id, principal.subject)))
      return { ended }
    },
    removeApp: async ({ parameters, principal }) => {
      await apps.remove(parameters.app, principal.subject)
      return { removed: parameters.app }
    },
  } satisfies Partial<ApiHandlers>
}

/** In the spelling of RFC 7591 §2. */
function toMetadata(body: AddAppBody): Readonly<Record<string, unknown>> {
  const { applicationType, authMethod, jwks, jwksUri } = body
  return {
    client_name: body.name,
    redirect_uris: body.redirectUris,
    ...(applicationType === undefined ? {} : { application_type: applicationType }),
    ...(authMethod === undefined ? {} : { token_endpoint_auth_method: authMethod }),
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwks_uri: jwksUri }),
  }
}
