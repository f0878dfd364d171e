import type { Caller } from './caller.ts'
import { Challenges } from './challenges.ts'
import { connectIssuer, type IssuerConnection, type RevocationOptions } from './issuer-connection.ts'
import { canonicalResource, metadataPaths, type ProtectedResourceMetadata } from './metadata.ts'
import { readMessage } from './read-message.ts'
import type { Refusal } from './refusal.ts'
import { ScopeTree, type ScopeDefinitions } from './scope-tree.ts'
import { SkillGate, type SkillOf } from './skill-rules.ts'
import { meetsStepUp, ToolGate, type MessageGate, type StepUp, type ToolRules } from './tool-rules.ts'
import { createVerifier, type KeySource, type RevocationList, type Verified } from './verifier.ts'

export interface GuardOptions {
  /** The authorization server: its issuer identifier, exactly as its metadata says it. */
  readonly issuer: string
  /** The public URL of what is guarded, as clients call it; tokens must be issued for it and nothing else (RFC 8707). */
  readonly resource: string
  /** What can be granted here; a scope may include others. */
  readonly scopes?: ScopeDefinitions
  /** What every request needs, and what a client without a token is told to ask for; none unless told otherwise. */
  readonly baseScopes?: readonly string[]
  /** What each tool needs. Without it a valid token with the base scopes may call all of them. */
  readonly tools?: ToolRules
  /** The same for an A2A agent: what messages for each of its skills need. */
  readonly skills?: ToolRules
  /** Which skill a message is for; one that is for none by name needs what all of them need. */
  readonly skillOf?: SkillOf
  /** The card of an agent, for everybody. */
  readonly card?: Readonly<Record<string, unknown>>
  /** For people: the name of the resource and where it is explained. */
  readonly name?: string
  readonly documentation?: string
  /** Hears of each request that wants more than its token allows, for the log: apps ask for more step by step. */
  readonly onElevation?: (elevation: Elevation) => void
  /** How what the issuer revokes gets here; `false` waits until the tokens end. */
  readonly revocations?: RevocationOptions | false
  /** The keys and the revocations of the issuer where they are at hand; it is not asked over the network then. */
  readonly local?: { readonly keys: KeySource; readonly revocations?: RevocationList }
  readonly fetch?: typeof globalThis.fetch
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** A caller was told what more it needs. */
export type Elevation = { readonly caller: Caller } & (
  | { readonly kind: 'scope'; readonly scopes: readonly string[] }
  | { readonly kind: 'step-up'; readonly stepUp: StepUp }
)

export type Checked = { readonly kind: 'caller'; readonly caller: Caller } | Refusal

/** Stands before a resource and lets those through who have a token for it. */
export interface Guard extends AsyncDisposable {
  /** The resource identifier in its one spelling. */
  readonly resource: string
  readonly metadata: ProtectedResourceMetadata
  /** Where `metadata` is served, on the origin of the resource: the form with its path, then the root. */
  readonly metadataPaths: readonly string[]
  /** What is served to everybody, by path: `metadata`, and the card of an agent. */
  readonly openDocuments: ReadonlyMap<string, object>
  /** Whether `permit` has anything to say; a body need not be read otherwise. */
  readonly readsBodies: boolean
  /**
   * Who calls, by the `Authorization` header; pass `url`, so that a token in the query is noticed. Answers at once for
   * a token that was seen before, with a promise otherwise.
   */
  check(authorization: string | null | undefined, url?: string): Checked | Promise<Checked>
  /** Whether the caller may have this JSON-RPC body, parsed or not, carried out; the answer to give where not. */
  permit(caller: Caller, body: unknown): Refusal | undefined
  /** For what only the server can tell: the challenge where the caller lacks one of the scopes. */
  demandScopes(caller: Caller, scopes: readonly string[]): Refusal | undefined
  /** The challenge where the person must sign in again, or better (RFC 9470). */
  demandStepUp(caller: Caller, stepUp: StepUp): Refusal | undefined
  /** Asks the issuer for its keys now instead of with the first request; rejects when it cannot be reached. */
  ready(): Promise<void>
}

/**
 * Guards an MCP server, or any HTTP resource, with the access tokens of a Parley hub or another OAuth 2.1 server that
 * issues JWTs (RFC 9068). `@parley/sdk/express`, `/hono`, `/fastify` and `/node` put it in its place.
 *
 * @example
 * const guard = createGuard({
 *   issuer: 'https://hub.example',
 *   resource: 'https://notes.example/mcp',
 *   scopes: {
 *     'notes:read': 'Read your notes',
 *     'notes:write': { description: 'Write and delete notes', includes: ['notes:read'] },
 *   },
 *   tools: {
 *     list_notes: 'notes:read',
 *     add_note: 'notes:write',
 *     delete_note: { scopes: ['notes:write'], stepUp: { maxAgeSeconds: 300 } },
 *   },
 * })
 */
export function createGuard(options: GuardOptions): Guard {
  const { issuer, scopes: definitions = {}, baseScopes = [], onElevation, now = Date.now } = options
  const resource = canonicalResource(options.resource)
  if (!resource)
    throw new TypeError(`"${options.resource}" cannot be a resource: give its http or https URL.`)
  const scopes = new ScopeTree(definitions)
  scopes.assertDefined(baseScopes, 'Every request')
  const gate = createGate(options, scopes)
  const paths = metadataPaths(resource)
  const challenges = new Challenges(new URL(paths[0]!, resource).href, baseScopes)
  const connection = options.local ? undefined : connectIssuer(options)
  const verify = createVerifier({ issuer, audience: resource, now, ...sourcesOf(options, connection) })

  function answer(verified: Verified): Checked {
    switch (verified.kind) {
      case 'caller':
        return demandScopes(verified.caller, baseScopes) ?? verified
      case 'missing':
        return challenges.missing()
      case 'malformed':
        return challenges.malformed('The Authorization header must be: Bearer, a space, the token.')
      case 'invalid':
        return challenges.invalid(verified.reason)
      case 'unavailable':
        return challenges.unavailable()
    }
  }

  function demandScopes(caller: Caller, needed: readonly string[]): Refusal | undefined {
    const missing = scopes.missing(caller.scopes, needed)
    if (missing.length === 0) return undefined
    onElevation?.({ kind: 'scope', caller, scopes: missing })
    return challenges.insufficientScope(missing)
  }

  function demandStepUp(caller: Caller, stepUp: StepUp): Refusal | undefined {
    if (meetsStepUp(caller, stepUp, now() / 1000)) return undefined
    onElevation?.({ kind: 'step-up', caller, stepUp })
    return challenges.insufficientAuthentication(stepUp)
  }

  const metadata = describe(resource, scopes.names, options)
  return {
    resource,
    metadata,
    metadataPaths: paths,
    openDocuments: documentsOf(paths, metadata, options.card),
    readsBodies: gate !== undefined,
    check(authorization, url) {
      if (url !== undefined && hasTokenInQuery(url)) return refuseQueryToken(challenges, authorization)
      const verified = verify(authorization)
      return verified instanceof Promise ? verified.then(answer) : answer(verified)
    },
    permit(caller, body) {
      if (!gate) return undefined
      const message = readMessage(body)
      if (message.kind === 'refused') return message
      if (caller.capability !== undefined && !gate.isFor(caller.capability, message.value))
        return challenges.invalid('The token is for something else here.')
      const needs = gate.needsOf(message.value)
      // All scopes of a batch in one challenge: a client that asks step by step asks its person as often.
      const refusal = demandScopes(caller, [...new Set(needs.flatMap((need) => need.scopes ?? []))])
      if (refusal) return refusal
      for (const { stepUp } of needs) {
        const refusal = stepUp && demandStepUp(caller, stepUp)
        if (refusal) return refusal
      }
      return undefined
    },
    demandScopes,
    demandStepUp,
    ready: async () => connection?.ready(),
    [Symbol.asyncDispose]: async () => connection?.close(),
  }
}

/** Where agents' cards are found (A2A 1.0 §8.2). */
const CARD_PATH = '/.well-known/agent-card.json'

function documentsOf(
  metadataPaths: readonly string[],
  metadata: object,
  card: object | undefined,
): ReadonlyMap<string, object> {
  const documents = new Map(metadataPaths.map((path): [string, object] => [path, metadata]))
  if (card) documents.set(CARD_PATH, card)
  return documents
}

function createGate({ tools, skills, skillOf }: GuardOptions, scopes: ScopeTree): MessageGate | undefined {
  if (tools && skills) throw new TypeError('What is guarded has tools or skills, not both.')
  if (skills) return new SkillGate({ rules: skills, skillOf }, scopes)
  return tools && new ToolGate(tools, scopes)
}

function sourcesOf(
  { local }: GuardOptions,
  connection: IssuerConnection | undefined,
): { keys: KeySource; revocations?: RevocationList } {
  return local ?? { keys: connection!.keys, revocations: connection!.revocations }
}

/** `offline_access` is between app and issuer, and so not among the scopes here (SEP-2207). */
function describe(
  resource: string,
  scopes: readonly string[],
  options: GuardOptions,
): ProtectedResourceMetadata {
  return Object.freeze({
    resource,
    authorization_servers: [options.issuer],
    bearer_methods_supported: ['header'],
    ...(scopes.length > 0 && { scopes_supported: scopes }),
    ...(options.name !== undefined && { resource_name: options.name }),
    ...(options.documentation !== undefined && { resource_documentation: options.documentation }),
  })
}

/** RFC 6750 §2.3 is not offered: addresses end up in logs. */
function hasTokenInQuery(url: string): boolean {
  const query = url.indexOf('?')
  return query >= 0 && new URLSearchParams(url.slice(query)).has('access_token')
}

function refuseQueryToken(challenges: Challenges, authorization: string | null | undefined): Refusal {
  // With a header as well the request uses two methods at once (RFC 6750 §2).
  if (authorization) return challenges.malformed('The token was sent twice: leave it out of the address.')
  return challenges.invalid('A token in the address is not accepted: send it in the Authorization header.')
}
