import type { ActivityRecord, ErrorCode } from '@parley/contract'
import { toParleyError } from '@parley/contract'
import type { Call, GatewayTools } from './call.ts'
import { sendError, type Reply } from './reply.ts'

type Result = ActivityRecord['result']

/**
 * Writes the call's activity record: one per request that reached a capability, whatever became of it. Under
 * `activity: strict` it answers a promise, and the caller is not answered before it resolves.
 */
export function recordCall(tools: GatewayTools, call: Call, result: Result): void | Promise<void> {
  const { principal, method, capability, definitionHash, decision, argumentsDigest } = call
  return tools.recordCall({
    face: 'mcp',
    principal,
    action: method,
    capability,
    definitionHash,
    decision,
    argumentsDigest,
    at: tools.clock.now(),
    requestId: tools.newId('request'),
    traceId: traceIdOf(call.headers.traceparent),
    catalogVersion: tools.registry.version,
    peopleVersion: 0,
    result,
    latencyMicros: tools.clock.monotonicMicros() - call.startedMicros,
  })
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/

function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent === undefined ? undefined : TRACEPARENT.exec(traceparent)?.[1]
}

/** Ends a call with an error, in the caller's protocol, and records it when it had reached a capability. */
export function failCall(tools: GatewayTools, call: Call, error: unknown, reply?: Pick<Reply, 'fail'>): void {
  const parleyError = toParleyError(error)
  const answer = () => (reply ? reply.fail(parleyError) : sendError(call.res, parleyError, call.idJson))
  if (call.capability === undefined) return answer()
  const kept = recordCall(tools, call, errorResult(call, parleyError.code))
  // The caller hears of the error even when its record cannot be kept.
  if (kept) void kept.catch(tools.onError).then(answer)
  else answer()
}

function errorResult(call: Call, code: ErrorCode): Result {
  return call.res.destroyed && !call.res.writableFinished ? 'cancelled' : code
}
