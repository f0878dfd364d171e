import { ParleyError } from '@parley/contract'
import { recordOf, type Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import {
  chooseAuthMethod,
  discover,
  type BearerChallenge,
  type ClientRegistration,
  type OAuthHttp,
} from '../oauth-client/index.ts'
import type { Store } from '../store/index.ts'
import type { ServerRef } from './connection-grant.ts'
import type { OAuthClientStore } from './oauth-client-store.ts'

/** As an administrator registered the hub by hand. */
export interface GivenClient {
  readonly clientId: string
  readonly clientSecret: string | undefined
  /** Which authorization server it is for; the one that the server names now when absent. */
  readonly issuer: string | undefined
}

export interface GiveClientTools {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
  readonly clients: OAuthClientStore
  readonly httpFor: (server: ServerRef) => OAuthHttp
  readonly redirectUri: () => string
  readonly challengeFor: (server: string) => BearerChallenge | undefined
}

/** Keeps it for the authorization server that issued it, and for no other (MCP, Authorization Server Binding). */
export async function giveClient(
  tools: GiveClientTools,
  server: ServerRef,
  { given, by }: { readonly given: GivenClient; readonly by: string },
): Promise<ClientRegistration> {
  const { store, activity, clock, clients, httpFor, redirectUri, challengeFor } = tools
  const { clientId, clientSecret: secret, issuer } = given
  const found = await discover(httpFor(server), {
    serverUrl: server.url,
    challenge: challengeFor(server.id),
    prefers: (one) => one === issuer,
  })
  if (issuer !== undefined && found.server.issuer !== issuer)
    throw new ParleyError(
      'conflict',
      `The server "${server.name}" names ${found.server.issuer} as its authorization server, not ${issuer}.`,
    )
  const client: ClientRegistration = {
    issuer: found.server.issuer,
    kind: 'given',
    clientId,
    secret,
    method: chooseAuthMethod(found.server, secret !== undefined),
    redirectUri: redirectUri(),
    secretExpiresAt: undefined,
  }
  const happening = {
    action: 'client.give',
    subject: by,
    note: `${server.name} at ${client.issuer}: ${clientId}`,
  }
  await store.submit([
    clients.removeGiven(server.id),
    clients.put(server.id, client, clock.now()),
    activity.statement(recordOf(tools, happening)),
  ])
  return client
}

/** The hub registers itself again, or publishes its document. */
export async function takeClient(
  { store, activity, clients, ...tools }: GiveClientTools,
  server: ServerRef,
  by: string,
): Promise<void> {
  const happening = { action: 'client.take', subject: by, note: server.name }
  await store.submit([clients.removeGiven(server.id), activity.statement(recordOf(tools, happening))])
}
