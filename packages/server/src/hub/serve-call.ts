import { hash } from 'node:crypto'
import { ParleyError, toParleyError } from '@parley/contract'
import { admit } from './admit.ts'
import { endWhenWaiting } from './end-when-waiting.ts'
import type { CallResult, HubCall, HubReply } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { STREAMING, UNARY } from './operations.ts'
import { presentReply, readWish } from './presentation/index.ts'

/** The pipeline, whatever the binding: extensions → wish → decide → limit → operate → record → reply. */
export async function serveCall(hub: HubState, call: HubCall, reply: HubReply): Promise<void> {
  try {
    requireExtensions(call)
    call.wish = readWish(call, hub.tools.needsOf)
    const counted = admit(hub, call)
    if (counted) await counted
    const streaming = STREAMING[call.operation]
    if (streaming) {
      await streaming(hub, call, endWhenWaiting(presentReply(call, reply)))
      await recordCall(hub, call, 'ok')
      return
    }
    const result = await UNARY[call.operation]!(hub, call)
    const kept = recordCall(hub, call, 'ok')
    if (kept) await kept
    presentReply(call, reply).result(result)
  } catch (error) {
    await fail(hub, call, { error, reply })
  }
}

/** §3.3.4: what the agent's card demands. */
function requireExtensions({ agent, extensions, operation }: HubCall): void {
  if (operation !== 'SendMessage' && operation !== 'SendStreamingMessage') return
  const missing = agent.extensions.find(({ uri, required }) => required === true && !extensions.includes(uri))
  if (missing)
    throw new ParleyError(
      'extension_required',
      `This agent demands the extension ${missing.uri}: name it in A2A-Extensions.`,
      { data: { extension: missing.uri } },
    )
}

async function fail(
  hub: HubState,
  call: HubCall,
  { error, reply }: { error: unknown; reply: HubReply },
): Promise<void> {
  const parleyError = toParleyError(error)
  if (parleyError.code === 'internal') hub.tools.onError(error)
  try {
    await recordCall(hub, call, parleyError.code)
  } catch (unkept) {
    // The caller hears of the error even when its record cannot be kept.
    hub.tools.onError(unkept)
  }
  reply.fail(parleyError)
}

/** One record for each request that had an agent do something, or was refused it. */
function recordCall({ tools }: HubState, call: HubCall, result: CallResult): void | Promise<void> {
  const { capability, principal, operation, decision, traceparent } = call
  if (capability === undefined) return undefined
  return tools.recordCall({
    face: 'a2a',
    principal,
    action: operation,
    capability,
    definitionHash: call.agent.cardHash,
    decision,
    argumentsDigest: call.argumentsDigest,
    at: tools.clock.now(),
    requestId: tools.newId('request'),
    traceId: traceIdOf(traceparent),
    catalogVersion: tools.directory.version,
    peopleVersion: 0,
    result,
    latencyMicros: tools.clock.monotonicMicros() - call.startedMicros,
  })
}

/** Of a request's bytes as they came. */
export function digestOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'base64url')
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/

function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent === undefined ? undefined : TRACEPARENT.exec(traceparent)?.[1]
}
