import type { EventFrame, ReplyStream } from './hub-call.ts'

/**
 * The stream of a message ends where the agent asks something back (specification §11.7), as every client of it expects:
 * what comes next is the answer to another message. A task that waits for a right goes on by itself, and so does its
 * stream (§7.6.1).
 */
export function untilAsked(stream: ReplyStream, { endsAtTask }: { endsAtTask: boolean }): ReplyStream {
  let isOver = false
  const end = () => {
    if (!isOver) stream.end()
    isOver = true
  }
  return {
    send(frame) {
      if (isOver) return false
      const isRead = stream.send(frame)
      if (asks(frame, endsAtTask)) end()
      return isRead && !isOver
    },
    end,
    fail(error) {
      if (!isOver) stream.fail(error)
      isOver = true
    },
  }
}

/** The task that an answer goes on with begins in this state, unless it was just made. */
function asks({ event }: EventFrame, endsAtTask: boolean): boolean {
  if ('statusUpdate' in event) return event.statusUpdate.status.state === 'TASK_STATE_INPUT_REQUIRED'
  return endsAtTask && 'task' in event && event.task.status.state === 'TASK_STATE_INPUT_REQUIRED'
}
