import {
  ACR_VALUES,
  isId,
  type Acr,
  type AgentId,
  type AppId,
  type ChainLink,
  type Principal,
} from '@parley/contract'
import type { Revocation, TokenSubjects } from '../../revocations/index.ts'

/** What is read of a verified access token; the SDK's `Caller` is one. */
export interface VerifiedCaller {
  readonly subject: string
  readonly client: string
  /** Who acts for the subject, nearest first. */
  readonly actors: readonly { readonly subject: string }[]
  readonly scopes: readonly string[]
  readonly grant?: string
  readonly session?: string
  readonly acr?: string
  readonly authTime?: number
  readonly claims: Readonly<Record<string, unknown>>
}

/** Finds the app of an OAuth client_id. */
export type FindApp = (clientId: string) => AppId | undefined

/** The principal a token stands for; undefined when it names no grant, or somebody who can be nobody here. */
export function tokenPrincipal(caller: VerifiedCaller, findApp: FindApp): Principal | undefined {
  const { subject, grant, acr, authTime } = caller
  if (grant === undefined || !isId('grant', grant)) return undefined
  const { appClient, agents } = readChain(caller)
  const app = findApp(appClient)
  if (!agents.every((id): id is AgentId => isId('agent', id))) return undefined
  if (appClient !== caller.client && app === undefined) return undefined
  const chain: ChainLink[] = agents.map((id) => ({ kind: 'agent', id }))
  if (app !== undefined) chain.unshift({ kind: 'app', id: app })
  if (isId('agent', subject)) chain.unshift({ kind: 'agent', id: subject })
  else if (isId('person', subject)) chain.unshift({ kind: 'person', id: subject })
  else return undefined
  const amr = caller.claims['amr']
  return Object.freeze({
    subject: grant,
    grant,
    ...(isId('person', subject) && { person: subject }),
    ...(app !== undefined && { app }),
    chain: Object.freeze(chain),
    // What a person may manage is asked of their account at each decision, never of a token.
    roles: Object.freeze([]),
    assurance: Object.freeze({
      kind: 'token',
      acr: isAcr(acr) ? acr : 'urn:parley:workload',
      amr: Object.freeze(Array.isArray(amr) ? amr.map(String) : []),
      ...(authTime !== undefined && { authTime }),
    }),
    scopes: caller.scopes,
  })
}

/** What a revocation can hit the token by. */
export function tokenSubjects(caller: VerifiedCaller): TokenSubjects {
  const { subject, claims } = caller
  const { appClient, agents } = readChain(caller)
  return {
    issuedAt: Number(claims['iat']),
    grant: caller.grant,
    person: isId('person', subject) ? subject : undefined,
    app: appClient,
    agents: isId('agent', subject) ? [subject, ...agents] : agents,
    session: caller.session,
    token: typeof claims['jti'] === 'string' ? claims['jti'] : undefined,
  }
}

export function isHitBy(subjects: TokenSubjects, { kind, id, at }: Revocation): boolean {
  if (subjects.issuedAt > at) return false
  return kind === 'agent' ? subjects.agents.includes(id) : subjects[kind] === id
}

/**
 * The outermost `act` is the current actor (RFC 8693 §4.1), so the chain reads the other way round. A token that an agent
 * exchanged is issued to the agent: the app, which acted first, then stands innermost.
 */
function readChain({ client, actors }: VerifiedCaller): { appClient: string; agents: readonly string[] } {
  const [first, ...others] = actors.map((actor) => actor.subject).reverse()
  if (first === undefined) return { appClient: client, agents: [] }
  const isExchanged = isId('agent', client) && !isId('agent', first)
  return isExchanged
    ? { appClient: first, agents: others }
    : { appClient: client, agents: [first, ...others] }
}

function isAcr(text: string | undefined): text is Acr {
  return ACR_VALUES.some((known) => known === text)
}
