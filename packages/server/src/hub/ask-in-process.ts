import type { Principal } from '@parley/contract'
import { checkRequest } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { HubReply } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { makeCall } from './make-call.ts'
import { serveCall } from './serve-call.ts'

/** One `SendMessage` from inside the hub, through the same steps as one from outside. Throws what the agent answers. */
export async function askInProcess(
  hub: HubState,
  principal: Principal,
  asked: {
    readonly agent: string
    readonly request: JsonObject
    readonly traceparent: string | undefined
  },
): Promise<JsonObject> {
  const { agent, request, traceparent } = asked
  const call = makeCall(
    hub,
    { principal, agentName: agent, resource: `/a2a/agents/${agent}` },
    {
      operation: 'SendMessage',
      request: checkRequest('SendMessage', request),
      parameters: { version: '1.0', extensions: [], traceparent, presentation: undefined },
      argumentsDigest: undefined,
    },
  )
  return new Promise((resolve, reject) => {
    const reply: HubReply = {
      result: resolve,
      fail: reject,
      stream() {
        throw new Error('One answer was asked for.')
      },
    }
    void serveCall(hub, call, reply)
  })
}
