import type { SessionRevision } from '@parley/contract'
import { isObject, type JsonObject, type Outcome, type RpcError } from '../lib/json-rpc.ts'
import type { NewId } from '../lib/random.ts'
import type { UpstreamInfo } from '../upstream/index.ts'
import { runsTasks, withExtension } from './tasks/tasks-extension.ts'
import { LEGACY, META, MODERN, SUPPORTED_VERSIONS } from './protocol.ts'
import { toClientCapabilities, toClientDefinition } from './to-client-revision.ts'

const PER_REQUEST_KEYS: ReadonlySet<string> = new Set([
  META.version,
  META.clientInfo,
  META.clientCapabilities,
  META.logLevel,
])

/** Methods whose complete results carry `ttlMs` and `cacheScope` (MCP 2026-07-28, Caching). */
const CACHEABLE = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
])

/** Parameters as a legacy upstream takes them: without the modern per-request metadata and round-trip fields. */
export function toLegacyParams(params: JsonObject): JsonObject | undefined {
  const { _meta, inputResponses: _responses, requestState: _state, ...rest } = params
  const meta = isObject(_meta) ? Object.entries(_meta).filter(([key]) => !PER_REQUEST_KEYS.has(key)) : []
  if (meta.length > 0) return { ...rest, _meta: Object.fromEntries(meta) }
  return Object.keys(rest).length > 0 ? rest : undefined
}

/** Who a legacy client said it is, to be repeated on every modern request. */
export interface ClientTerms {
  readonly capabilities: JsonObject
  readonly clientInfo: JsonObject
  readonly logLevel: string | undefined
}

/** Parameters as a modern upstream takes them. */
export function toModernParams(params: JsonObject | undefined, terms: ClientTerms): JsonObject {
  const own = isObject(params?.['_meta']) ? params['_meta'] : {}
  return {
    ...params,
    _meta: {
      ...own,
      [META.version]: MODERN,
      [META.clientInfo]: terms.clientInfo,
      [META.clientCapabilities]: terms.capabilities,
      ...(terms.logLevel === undefined ? {} : { [META.logLevel]: terms.logLevel }),
    },
  }
}

/** A legacy upstream's answer for a modern client: typed, with conservative caching hints and the server's name. */
export function toModernOutcome(method: string, outcome: Outcome, info: UpstreamInfo): Outcome {
  if ('error' in outcome) return { error: toModernError(outcome.error) }
  const { result } = outcome
  const meta = isObject(result['_meta']) ? result['_meta'] : {}
  return {
    result: {
      resultType: 'complete',
      ...(CACHEABLE.has(method) ? { ttlMs: 0, cacheScope: 'private' } : {}),
      ...result,
      ...(info.serverInfo ? { _meta: { [META.serverInfo]: info.serverInfo, ...meta } } : {}),
    },
  }
}

/** -32002 became -32602; the rest of the legacy range keeps its number (MCP 2026-07-28, Error Codes). */
function toModernError(error: RpcError): RpcError {
  return error.code === -32002 ? { ...error, code: -32602 } : error
}

/** A modern upstream's answer for a legacy client: without the fields that its revision does not know. */
export function toLegacyOutcome(outcome: Outcome): Outcome {
  if ('error' in outcome) return outcome
  const { resultType: _type, ttlMs: _ttl, cacheScope: _scope, ...rest } = outcome.result
  if (!isObject(rest['_meta'])) return { result: rest }
  const { [META.serverInfo]: _info, ...meta } = rest['_meta']
  const { _meta, ...bare } = rest
  return { result: Object.keys(meta).length > 0 ? { ...bare, _meta: meta } : bare }
}

/** The `DiscoverResult` of one upstream as the hub offers it: in both eras, with approved instructions only. */
export function toDiscoverResult(
  info: UpstreamInfo,
  instructions: string | undefined,
  offersTasks: boolean,
): JsonObject {
  const own = info.discover ?? {}
  const { instructions: _unreviewed, supportedVersions: _versions, ...rest } = own
  return {
    resultType: 'complete',
    ttlMs: 0,
    cacheScope: 'private',
    ...(info.serverInfo ? { _meta: { [META.serverInfo]: info.serverInfo } } : {}),
    ...rest,
    capabilities: toModernCapabilities(info, offersTasks),
    supportedVersions: SUPPORTED_VERSIONS,
    ...(instructions === undefined ? {} : { instructions }),
  }
}

/** Tasks moved into an extension; who asks for it gets it from the hub where the server has none. */
function toModernCapabilities(info: UpstreamInfo, offersTasks: boolean): JsonObject {
  const { tasks: _tasks, ...modern } = info.capabilities
  const own = info.era === LEGACY ? modern : info.capabilities
  return offersTasks || runsTasks(info) ? withExtension(own) : own
}

export interface Offer {
  readonly capabilities: JsonObject
  readonly serverInfo?: JsonObject | undefined
  readonly instructions?: string | undefined
}

/** The `InitializeResult` of one upstream, or of all, as the hub offers it to session clients. */
export function toInitializeResult(revision: SessionRevision, offer: Offer): JsonObject {
  const { capabilities, serverInfo, instructions } = offer
  return {
    protocolVersion: revision,
    capabilities: toClientCapabilities(revision, capabilities),
    serverInfo: toClientDefinition(revision, serverInfo ?? { name: 'unnamed', version: '0' }),
    ...(instructions === undefined ? {} : { instructions }),
  }
}

interface Question {
  readonly method: string
  readonly params?: JsonObject
}

/** A modern upstream's question for a legacy client, whose revision identifies each URL elicitation. */
export function toLegacyQuestion(question: Question, newId: NewId): Question {
  if (!asksForPage(question) || typeof question.params?.['elicitationId'] === 'string') return question
  return { ...question, params: { ...question.params, elicitationId: newId('request') } }
}

/** A legacy upstream's question for a modern client, whose revision has no ids of elicitations. */
export function toModernQuestion({ method, params = {} }: Question): JsonObject {
  if (!asksForPage({ method, params })) return { method, params }
  const { elicitationId: _id, ...rest } = params
  return { method, params: rest }
}

function asksForPage({ method, params }: Question): boolean {
  return method === 'elicitation/create' && params?.['mode'] === 'url'
}
