import type { AuthorizationServer } from './find-authorization-server.ts'

export type ClientAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post'

/** What the hub is to one authorization server, and to no other (MCP, Authorization Server Binding). */
export interface ClientRegistration {
  readonly issuer: string
  /** `given` by an administrator, a metadata `document` of ours, or `registered` by ourselves (RFC 7591). */
  readonly kind: 'given' | 'document' | 'registered'
  readonly clientId: string
  readonly secret: string | undefined
  readonly method: ClientAuthMethod
  readonly redirectUri: string
  /** Milliseconds since the epoch. */
  readonly secretExpiresAt: number | undefined
}

export type RegistrationChoice =
  | { readonly kind: 'use'; readonly client: ClientRegistration }
  /** By `registerClient`, then kept. */
  | { readonly kind: 'register' }
  /** Only an administrator can go on, by giving a client_id; `why` is for them. */
  | { readonly kind: 'ask'; readonly why: string }

export interface RegistrationSources {
  readonly server: AuthorizationServer
  /** What is kept for the MCP server, whichever issuers it is for. */
  readonly known: readonly ClientRegistration[]
  /** Where our own metadata document is published; undefined when the hub has no https address. */
  readonly documentUrl: string | undefined
  readonly redirectUri: string
  readonly now: number
}

/** MCP, Client Registration: pre-registered, then metadata document, then dynamic registration, then ask. */
export function chooseRegistration(sources: RegistrationSources): RegistrationChoice {
  const { server, known, documentUrl, redirectUri } = sources
  const given = known.filter(({ kind }) => kind === 'given')
  const own = given.find(({ issuer }) => issuer === server.issuer)
  if (own) return { kind: 'use', client: { ...own, redirectUri } }
  if (given.length > 0) {
    return {
      kind: 'ask',
      why: `The server now names the authorization server ${server.issuer}, and the client_id that was entered is for ${given[0]!.issuer}. Enter one for the new authorization server, or remove it.`,
    }
  }
  if (server.takesClientDocuments && documentUrl !== undefined) {
    const client = { issuer: server.issuer, kind: 'document', clientId: documentUrl, redirectUri } as const
    return {
      kind: 'use',
      client: { ...client, secret: undefined, method: 'none', secretExpiresAt: undefined },
    }
  }
  const registered = known.find((client) => isUsable(client, sources))
  if (registered) return { kind: 'use', client: registered }
  if (server.registrationEndpoint !== undefined) return { kind: 'register' }
  return {
    kind: 'ask',
    why: `The authorization server ${server.issuer} does not let apps register themselves. Register Parley there with the redirect URI ${redirectUri} and enter its client_id.`,
  }
}

function isUsable(client: ClientRegistration, { server, redirectUri, now }: RegistrationSources): boolean {
  return (
    client.kind === 'registered' &&
    client.issuer === server.issuer &&
    client.redirectUri === redirectUri &&
    (client.secretExpiresAt === undefined || client.secretExpiresAt > now)
  )
}

/** How a client with a secret proves itself; RFC 8414 §2: nothing said means client_secret_basic. */
export function chooseAuthMethod(
  server: Pick<AuthorizationServer, 'authMethods'>,
  hasSecret: boolean,
): ClientAuthMethod {
  if (!hasSecret) return 'none'
  const offered = server.authMethods ?? ['client_secret_basic']
  if (!offered.includes('client_secret_basic') && offered.includes('client_secret_post'))
    return 'client_secret_post'
  return 'client_secret_basic'
}
