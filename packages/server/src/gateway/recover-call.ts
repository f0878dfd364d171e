import { askConnection, CONNECTION_QUESTION, judgeRefusal } from './ask-connection.ts'
import type { Call, GatewayTools } from './call.ts'
import { capabilitiesOf } from './exchange-once.ts'
import type { LaneCallOptions } from './lane-call.ts'
import { recordCall } from './record-call.ts'

/** Once: a server that refuses the new credential too is believed. */
export async function recover(
  tools: GatewayTools,
  call: Call,
  { error, ...errand }: Pick<LaneCallOptions, 'target' | 'binding' | 'reply' | 'use'> & { error: unknown },
  again: () => Promise<void>,
): Promise<void> {
  const { use, target } = errand
  const verdict = await judgeRefusal(tools, call, { entry: target.entry, use, error })
  if (verdict === 'again') return again()
  if (verdict === 'connect') return putConnection(tools, call, errand)
  throw error
}

/** Sends the person to connect the server; the client sends the call again when they are back. */
export async function putConnection(
  tools: GatewayTools,
  call: Call,
  { target, binding, reply }: Pick<LaneCallOptions, 'target' | 'binding' | 'reply'>,
): Promise<void> {
  const asked = { entry: target.entry, capabilities: capabilitiesOf(call) }
  const { request, params } = await askConnection(tools, call, asked)
  const result = {
    resultType: 'input_required',
    inputRequests: { [CONNECTION_QUESTION]: { method: 'elicitation/create', params } },
    requestState: tools.states.seal({ connect: request.id }, binding),
  }
  await recordCall(tools, call, 'input_required')
  reply.finish({ result })
}
