import { isInterrupted } from '../a2a/index.ts'
import type { EventFrame, HubReply } from './hub-call.ts'

/**
 * A stream is over once its task waits for its caller (§11.7, and `final` of 0.3), in every binding alike (§5.1). What becomes
 * of the task then is told to who sends the answer, or subscribes.
 */
export function endWhenWaiting(reply: HubReply): HubReply {
  return {
    result: (result) => reply.result(result),
    fail: (error) => reply.fail(error),
    stream(onLeft) {
      const stream = reply.stream(onLeft)
      return {
        send(frame) {
          const isRead = stream.send(frame)
          if (!waits(frame)) return isRead
          stream.end()
          return false
        },
        end: () => stream.end(),
        fail: (error) => stream.fail(error),
      }
    },
  }
}

/** A task as it stood at the beginning of the stream may go on. */
function waits({ event }: EventFrame): boolean {
  return 'statusUpdate' in event && isInterrupted(event.statusUpdate.status.state)
}
