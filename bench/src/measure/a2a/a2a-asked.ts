import { ID_MARK } from '../../load/requests.ts'
import type { Asking } from '../../systems/open-agent-hub.ts'

/** A message that was never sent before; what it says is what the agents here do. */
export function say(method: 'SendMessage' | 'SendStreamingMessage', words: string): Asking {
  return {
    method,
    params: { message: { messageId: `bench-${ID_MARK}`, role: 'ROLE_USER', parts: [{ text: words }] } },
  }
}

/** The same once, outside of any load. */
export function sayOnce(words: string): Asking {
  const { params } = say('SendMessage', words) as { params: { message: object } }
  const messageId = `once-${process.hrtime.bigint()}`
  return { method: 'SendMessage', params: { message: { ...params.message, messageId } } }
}
