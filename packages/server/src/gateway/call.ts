import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  ActivityRecord,
  CapabilityName,
  Decision,
  Principal,
  ToolSearchSettings,
} from '@parley/contract'
import { ParleyError } from '@parley/contract'
import type { Access, TakeToken } from '../access/index.ts'
import type { Activity } from '../activity/index.ts'
import { noBundle, type Bundle, type Bundles } from '../bundles/index.ts'
import type { Authenticate, Challenges, ConsentRequests, HopTokens } from '../identity/index.ts'
import type { Connect } from '../connect/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { NewId, Random } from '../lib/random.ts'
import type { WriteBatch } from '../lib/write-batch.ts'
import type { Envelope } from '../lib/strict-json/index.ts'
import type { Registry, ServerEntry } from '../registry/index.ts'
import type { Tasks } from '../tasks/index.ts'
import type { Vault } from '../vault/index.ts'
import type { ClientStreams } from '../http/index.ts'
import type { AgentDesk } from './agent-tools.ts'
import type { ContentReport } from './guard-outcome.ts'
import type { McpHeaders } from './read-headers.ts'
import type { SearchCatalog } from './search-catalog.ts'
import type { RequestStates } from './request-state.ts'
import type { SessionSeals } from './session-seals.ts'

export interface GatewayLimits {
  readonly bodyBytes: number
  readonly sessionsPerPrincipal: number
}

/** All that the gateway needs of the house, passed in by the composition root. */
export interface GatewayTools {
  readonly registry: Registry
  readonly bundles: Pick<Bundles, 'find' | 'onChange'>
  /** How `/mcp` shows its tools. */
  readonly toolSearch: ToolSearchSettings
  readonly search: SearchCatalog
  /** Told of what an answer held, where that is looked for. */
  readonly reportContent: (report: ContentReport) => void
  readonly authenticate: Authenticate
  readonly challenges: (resource: string) => Challenges
  readonly access: Access
  readonly consents: ConsentRequests
  readonly hopTokens: HopTokens
  readonly vault: Pick<Vault, 'knows' | 'use' | 'onChange'>
  readonly connect: Pick<Connect, 'ask' | 'refused' | 'urlOf' | 'stateOf' | 'answered' | 'onAnswer'>
  readonly origin: () => string
  readonly takeToken: TakeToken
  readonly recordCall: Activity['recordCall']
  readonly clock: Clock
  readonly random: Random
  readonly writes: WriteBatch
  readonly newId: NewId
  readonly states: RequestStates
  readonly sessionSeals: SessionSeals
  readonly limits: GatewayLimits
  /** What went wrong inside, for the log; the caller has been answered. */
  readonly onError: (error: unknown) => void
  readonly clientStreams: ClientStreams
  /** Undefined where the hub has none. */
  readonly agents: AgentDesk | undefined
  readonly tasks: Tasks
}

/** The endpoint a request came to: all servers merged, a bundle of what they offer, or one server with its own names. */
export type Scope =
  | { readonly kind: 'merged'; readonly bundle?: string; readonly search?: 'on' | 'off' }
  | { readonly kind: 'single'; readonly name: string }

/** A request whose caller is known. */
export interface Received {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly headers: McpHeaders
  readonly scope: Scope
  /** The path of the endpoint, which tokens are for. */
  readonly resource: string
  readonly principal: Principal
}

/** One JSON-RPC request on its way through the pipeline. */
export interface Call extends Received {
  readonly envelope: Envelope
  readonly method: string
  /** The request's id exactly as it was sent. */
  readonly idJson: string
  readonly startedMicros: number
  decision: Decision | undefined
  capability: CapabilityName | undefined
  definitionHash: string | undefined
  argumentsDigest: string | undefined
}

/** What a call is aimed at, by the owner's own names. */
export interface Target {
  readonly entry: ServerEntry
  readonly kind: 'tool' | 'prompt' | 'resource'
  readonly name: string
}

/** The bundle of a bundle's endpoint; throws `not_found`. */
export function bundleOf(tools: Pick<GatewayTools, 'bundles'>, scope: Scope): Bundle | undefined {
  if (scope.kind !== 'merged' || scope.bundle === undefined) return undefined
  const bundle = tools.bundles.find(scope.bundle)
  if (!bundle) throw noBundle(scope.bundle)
  return bundle
}

/** The entry of a single-server endpoint; `not_found` also when the server is not approved. */
export function entryOf(tools: Pick<GatewayTools, 'registry'>, scope: Scope): ServerEntry | undefined {
  if (scope.kind === 'merged') return undefined
  const entry = tools.registry.entry(scope.name)
  if (!entry) throw noServer(scope.name)
  return entry
}

export function noServer(name: string): ParleyError {
  return new ParleyError(
    'not_found',
    `There is no server "${name}" here. \`parley servers list\` shows the names.`,
  )
}

export function limit(tools: GatewayTools, principal: Principal): void {
  const waitSeconds = tools.takeToken(principal.subject)
  if (waitSeconds === 0) return
  throw new ParleyError('rate_limited', `Too many requests; try again in ${waitSeconds} s.`, {
    data: { retryAfterSeconds: waitSeconds },
  })
}

/** How an MCP result counts in the record. */
export function resultKind(result: JsonObject): ActivityRecord['result'] {
  if (result['isError'] === true) return 'tool_error'
  return result['resultType'] === 'input_required' ? 'input_required' : 'ok'
}

/** A signal that fires when the client goes away before its answer is complete. */
export function whenClientLeaves(res: ServerResponse): AbortSignal {
  const controller = new AbortController()
  onClientLeft(res, (reason) => controller.abort(reason))
  return controller.signal
}

export function onClientLeft(res: ServerResponse, then: (reason: ParleyError) => void): void {
  res.once('close', () => {
    if (!res.writableFinished) then(new ParleyError('upstream_unavailable', 'The caller went away.'))
  })
}
