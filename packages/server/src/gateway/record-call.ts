import type { ActivityRecord, CapabilityName, Decision, ErrorCode, Principal } from '@parley/contract'
import { toParleyError } from '@parley/contract'
import { CallTemplate } from '../activity/index.ts'
import type { Call, GatewayTools } from './call.ts'
import { sendError, type Reply } from './reply.ts'

type Result = ActivityRecord['result']

/** Callers have few capabilities that they use often; beyond this their templates are made anew. */
const MAX_TEMPLATES_PER_CALLER = 1000

interface Known {
  readonly decision: Decision | undefined
  readonly template: CallTemplate
}

/** The templates of callers' records. They go with the principal they belong to. */
export class CallTemplates {
  readonly #byCaller = new WeakMap<Principal, Map<string, Known>>()

  of(call: Call, catalogVersion: number): CallTemplate {
    let known = this.#byCaller.get(call.principal)
    if (!known) this.#byCaller.set(call.principal, (known = new Map()))
    const key = `${call.method} ${call.capability ?? ''}`
    const found = known.get(key)
    if (found && found.decision === call.decision && isOf(found.template, call, catalogVersion))
      return found.template
    const template = new CallTemplate(factsOf(call, catalogVersion))
    if (known.size >= MAX_TEMPLATES_PER_CALLER) known.clear()
    known.set(key, { decision: call.decision, template })
    return template
  }
}

function isOf({ facts }: CallTemplate, call: Call, catalogVersion: number): boolean {
  return facts.definitionHash === call.definitionHash && facts.catalogVersion === catalogVersion
}

function factsOf({ method, principal, capability, definitionHash, decision }: Call, catalogVersion: number) {
  return {
    face: 'mcp',
    action: method,
    subject: principal.subject,
    ...(principal.person === undefined ? {} : { person: principal.person }),
    chain: principal.chain,
    ...(principal.app === undefined ? {} : { app: principal.app }),
    ...(principal.grant === undefined ? {} : { grant: principal.grant }),
    ...(capability === undefined ? {} : { capability: capability satisfies CapabilityName }),
    ...(definitionHash === undefined ? {} : { definitionHash }),
    decision: decision?.kind ?? 'deny',
    policies: decision?.policies ?? [],
    policyVersion: decision?.policyVersion ?? 0,
    catalogVersion,
    peopleVersion: 0,
  } as const
}

/**
 * Writes the call's activity record: one per request that reached a capability, whatever became of it. Under
 * `activity: strict` it answers a promise, and the caller is not answered before it resolves.
 */
export function recordCall(tools: GatewayTools, call: Call, result: Result): void | Promise<void> {
  return tools.recordCall(tools.templates.of(call, tools.registry.version), {
    at: tools.clock.now(),
    requestId: tools.newId('request'),
    argumentsDigest: call.argumentsDigest ?? '',
    result,
    latencyMicros: tools.clock.monotonicMicros() - call.startedMicros,
    traceId: traceIdOf(call.headers.traceparent),
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
