import { encodeHeaderValue } from '../lib/header-value.ts'
import type { Span } from '../lib/strict-json/index.ts'
import type { ParamHeader } from '../registry/index.ts'
import type { CredentialRefused } from '../upstream/index.ts'
import type { Use } from '../vault/index.ts'
import type { Call, GatewayTools, Target } from './call.ts'
import { credentialLines } from './call-credential.ts'
import { acceptsStreams } from './exchange-once.ts'
import { LaneReply } from './lane-reply.ts'
import { NAME_FIELD } from './protocol.ts'
import type { Reply } from './reply.ts'
import { invalidState, isOwnQuestion, type InnerState, type StateBinding } from './request-state.ts'

export interface LaneCallOptions {
  readonly target: Target
  readonly paramHeaders: readonly ParamHeader[]
  readonly binding: StateBinding
  readonly reply: Reply
  readonly sent: InnerState | undefined
  /** What the vault has for the caller at this server. */
  readonly use: Use | undefined
  /** The server wants another credential: what becomes of the call then. */
  readonly onRefused: OnRefused
}

export type OnRefused = (
  tools: GatewayTools,
  call: Call,
  options: LaneCallOptions,
  error: CredentialRefused,
) => void

/**
 * The short way of a call: its own bytes to a server of the same revision, and the server's back. Answers false,
 * having done nothing, when the call needs the long way. Throws as `Lane.send`, and `invalid_params` for a
 * `requestState` that is not ours.
 */
export function takeLane(tools: GatewayTools, call: Call, options: LaneCallOptions): boolean {
  const lane = options.target.entry.upstream.lane()
  // A retry after a question of ours carries an answer that is not the server's.
  if (!lane || isOwnQuestion(options.sent) || !acceptsStreams(call)) return false
  const body = bodyFor(call, options)
  const receiver = new LaneReply(tools, call, { ...options, lane })
  receiver.follow(lane.send({ head: headFor(tools, call, options), body }, receiver))
  return true
}

/**
 * The request as the server takes it: the client's bytes, with the server's own name of the capability and the
 * server's own state in their places.
 */
function bodyFor(call: Call, { target, sent }: LaneCallOptions): Buffer {
  const { envelope } = call
  const sealed = envelope.span('requestState')
  const isRenamed = call.scope.kind === 'merged' && target.kind !== 'resource'
  if (!sealed && !isRenamed) return envelope.bytes
  const changes: { span: Span; json: string }[] = []
  if (isRenamed) changes.push({ span: envelope.span('name')!, json: JSON.stringify(target.name) })
  if (sealed) {
    if (!sent || !('upstream' in sent)) throw invalidState()
    changes.push({ span: sealed, json: JSON.stringify(sent.upstream) })
  }
  return splice(envelope.bytes, changes)
}

export function splice(bytes: Buffer, changes: { span: Span; json: string }[]): Buffer {
  const parts: Buffer[] = []
  let at = 0
  for (const { span, json } of changes.sort((a, b) => a.span.start - b.span.start)) {
    parts.push(bytes.subarray(at, span.start), Buffer.from(json))
    at = span.end
  }
  parts.push(bytes.subarray(at))
  return Buffer.concat(parts)
}

/** The headers that mirror the body; the client's own were held against it, so their values may go on as they are. */
function headFor(tools: GatewayTools, call: Call, { target, paramHeaders, use }: LaneCallOptions): string {
  const isRenamed = call.scope.kind === 'merged' && NAME_FIELD[call.method] === 'name'
  const name = isRenamed ? encodeHeaderValue(target.name) : call.headers.name
  let head = `mcp-method: ${call.method}\r\nmcp-name: ${name}\r\n`
  const { entry } = target
  if (use !== undefined || entry.upstream.hopAudience !== undefined)
    head += credentialLines(tools, { entry, caller: call.principal, use, capability: call.capability })
  for (const { header } of paramHeaders) {
    const value = call.headers.params?.get(header)
    if (value !== undefined) head += `mcp-param-${header}: ${value}\r\n`
  }
  return head
}
