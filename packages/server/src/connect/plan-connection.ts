import {
  chooseRegistration,
  chooseScope,
  discover,
  type AuthorizationServer,
  type BearerChallenge,
  type ClientRegistration,
  type OAuthHttp,
} from '../oauth-client/index.ts'
import type { ServerRef } from './connection-grant.ts'

/** What a person is asked to agree to. */
export type ConnectionPlan =
  | {
      readonly kind: 'ready'
      readonly server: AuthorizationServer
      readonly resource: string
      readonly scope: string | undefined
      /** Undefined where the hub has to register itself first. */
      readonly client: ClientRegistration | undefined
    }
  /** An administrator has to do something first. */
  | { readonly kind: 'ask'; readonly why: string }

export interface PlanOptions {
  readonly http: OAuthHttp
  readonly server: ServerRef
  readonly challenge: BearerChallenge | undefined
  /** What the connection that this one replaces was asked for with. */
  readonly previous: { readonly issuer: string; readonly scope: string | undefined } | undefined
  readonly known: readonly ClientRegistration[]
  readonly redirectUri: string
  readonly documentUrl: string | undefined
  readonly now: number
}

/** Who issues tokens for the server, what to ask for, and as which client. */
export async function planConnection(options: PlanOptions): Promise<ConnectionPlan> {
  const { http, challenge, known, previous, redirectUri, documentUrl, now } = options
  const { server, resource } = await discover(http, {
    serverUrl: options.server.url,
    challenge,
    prefers: (issuer) => known.some((client) => client.issuer === issuer),
  })
  const choice = chooseRegistration({ server, known, documentUrl, redirectUri, now })
  if (choice.kind === 'ask') return choice
  const scope = chooseScope({
    challenged: challenge?.scope,
    ofResource: resource.scopes,
    // MCP, Scope Challenge Handling: nothing that was granted before is lost; another issuer has other scopes.
    previous: previous?.issuer === server.issuer ? previous.scope : undefined,
    ofServer: server.scopes,
  })
  const client = choice.kind === 'use' ? choice.client : undefined
  return { kind: 'ready', server, resource: resource.resource, scope, client }
}
