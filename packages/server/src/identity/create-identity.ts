import { ParleyError } from '@parley/contract'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Activity } from '../activity/index.ts'
import type { Clients } from '../clients/index.ts'
import type { Grants } from '../grants/index.ts'
import { sendProblem, type RawHandler } from '../http/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import type { PageKit } from '../pages/index.ts'
import type { People } from '../people/index.ts'
import type { Revocations } from '../revocations/index.ts'
import type { Sealer } from '../sealing/index.ts'
import type { Store } from '../store/index.ts'
import { createAccountApps } from './account/create-account-apps.ts'
import type { DescribeCapabilities } from './consent/capability-offer.ts'
import { createInteractionPages } from './consent/interaction-pages.ts'
import { openSigningKeys, type SigningKeys } from './keys/signing-keys.ts'
import { mountProvider } from './mount/mount-provider.ts'
import { createRequestRate } from './mount/request-rate.ts'
import { createTokenRate, type TokenRateLimits } from './mount/token-rate.ts'
import { createSendErrorPage } from './provider/error-page.ts'
import { FamilyStore } from './provider/family-store.ts'
import { openWhenNeeded } from './provider/open-when-needed.ts'
import { createRecordChange } from './record-change.ts'
import { createResources, type FindBundle } from './resources/create-resources.ts'
import {
  openOutsideResources,
  type DeclaredResource,
  type OutsideResources,
} from './resources/outside-resources.ts'
import type { Resources } from './resources/resource.ts'
import type { FindConnectionToken } from './token-exchange/find-connection-token.ts'
import { signToken, type TokenClaims } from './tokens/sign-token.ts'
import { verifyOwnToken, type OwnTokenClaims } from './tokens/verify-own-token.ts'

export interface IdentityOptions {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly sealer: Sealer
  readonly grants: Pick<
    Grants,
    | 'audiencesOf'
    | 'changeTerms'
    | 'covers'
    | 'create'
    | 'entitlementsOf'
    | 'find'
    | 'lineage'
    | 'list'
    | 'revoke'
  >
  readonly revocations: Revocations
  readonly people: Pick<People, 'find' | 'meets' | 'requireSession' | 'signedIn'>
  readonly clients: Clients
  readonly pages: PageKit
  readonly describeCapabilities: DescribeCapabilities
  /** False where the authorization server runs alone. */
  readonly hasGateway: boolean
  readonly hasServer: (name: string) => boolean
  readonly hasAgent: (name: string) => boolean
  readonly findBundle: FindBundle
  readonly findConnectionToken: FindConnectionToken
  /** Resource servers elsewhere, of parley.yaml. */
  readonly declaredResources: readonly DeclaredResource[]
  /** The proxy in front names the client's address last in X-Forwarded-For. */
  readonly trustedProxy: boolean
  readonly limits: TokenRateLimits & { readonly waitingAuthorizations: number }
  readonly onError: (error: unknown) => void
}

/** What is only known once the hub listens. */
export interface IdentityStart {
  /** The issuer (RFC 8414 §2): the public origin, exactly. */
  readonly issuer: string
  /** Further addresses below /oauth, by their whole path, such as `/oauth/register`. */
  readonly more?: Readonly<Record<string, RawHandler>>
  /** Further members of the discovery documents. */
  readonly discovery?: Readonly<Record<string, unknown>>
}

/** The authorization server. */
export interface Identity {
  /** By first path segment; `.well-known` answers the two discovery documents, and nothing else. */
  readonly handlers: Readonly<Record<'oauth' | 'interaction' | '.well-known', RawHandler>>
  /** `/account/apps`, and what is below it. */
  readonly accountApps: RawHandler
  readonly keys: SigningKeys
  readonly outsideResources: OutsideResources
  /** Throws before `start`. */
  resources(): Resources
  start(options: IdentityStart): void
  /** The claims of an access token that is good now: ours, not expired, not revoked. */
  verifyToken(token: string): OwnTokenClaims | undefined
  /** Signs a token with the current key. The caller answers for its claims. */
  mintToken(claims: TokenClaims, typ?: string): string
}

export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const record = createRecordChange(options)
  const keys = await openSigningKeys({ ...options, record })
  const outsideResources = openOutsideResources({ ...options, record }, options.declaredResources)
  let started:
    | { server: RawHandler; pages: RawHandler; account: RawHandler; resources: Resources; issuer: string }
    | undefined

  function verifyToken(token: string): OwnTokenClaims | undefined {
    if (!started) return undefined
    const { clock, revocations } = options
    const claims = verifyOwnToken(token, { keys, issuer: started.issuer, nowMs: clock.now() })
    return claims && !revocations.isRevoked(subjectsOf(claims)) ? claims : undefined
  }

  function start({ issuer, more = {}, discovery = {} }: IdentityStart): void {
    const resources = createResources({
      ...options,
      origin: issuer,
      findOutside: (canonical) => outsideResources.find(canonical),
    })
    const shared = { ...options, record, keys, resources, issuer }
    const openServer = openWhenNeeded({ ...shared, discovery, verifyToken })
    const rate = createRequestRate(options.clock, options.trustedProxy)
    const tokenRate = createTokenRate(options.limits, options)
    const sendErrorPage = createSendErrorPage(options.pages)
    const formKey = options.sealer.derive('consent form')
    started = {
      issuer,
      resources,
      server: mountProvider({ ...shared, openServer, sendErrorPage, more, rate, tokenRate }),
      pages: createInteractionPages({ ...shared, ...appsOf(options.clients), openServer, formKey }),
      account: createAccountApps({ ...shared, families: new FamilyStore(options.store) }),
    }
  }

  const whenStarted =
    (pick: 'server' | 'pages' | 'account'): RawHandler =>
    (request: IncomingMessage, response: ServerResponse, path: string) => {
      if (started) return started[pick](request, response, path)
      sendProblem(response, new ParleyError('unavailable', 'The hub is starting.'))
    }

  return {
    handlers: {
      oauth: whenStarted('server'),
      '.well-known': whenStarted('server'),
      interaction: whenStarted('pages'),
    },
    accountApps: whenStarted('account'),
    keys,
    outsideResources,
    resources() {
      if (!started) throw new Error('identity has not started')
      return started.resources
    },
    start,
    verifyToken,
    mintToken: (claims, typ) => signToken(keys, claims, typ),
  }
}

function appsOf(clients: Clients): Pick<Clients, 'findApp' | 'keepApp'> {
  return {
    findApp: (clientId) => clients.findApp(clientId),
    keepApp: (clientId) => clients.keepApp(clientId),
  }
}

/** What of a token can be cut off. */
function subjectsOf(claims: OwnTokenClaims): Parameters<Revocations['isRevoked']>[0] {
  return {
    issuedAt: claims.iat,
    grant: claims.gid,
    person: claims.sub,
    app: claims.client_id,
    agents: actorsOf(claims),
    session: claims.sid,
    token: claims.jti,
  }
}

/** Every link of the `act` chain (RFC 8693 §4.1), and the subject when an agent acts for itself. */
function actorsOf({ sub, act }: OwnTokenClaims): string[] {
  const actors = [sub]
  for (let link = act as { sub?: unknown; act?: unknown } | undefined; link;) {
    if (typeof link.sub === 'string') actors.push(link.sub)
    link = link.act as typeof link
  }
  return actors
}
