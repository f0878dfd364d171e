import type { OpenedStream, StreamReceiver } from './agent-link.ts'

/** A stream that could not be begun: its receiver hears so as soon as its caller has it in its hands. */
export function failedStream(receiver: StreamReceiver, error: unknown): OpenedStream {
  let isOver = false
  queueMicrotask(() => {
    if (!isOver) receiver.onError(error)
  })
  return {
    pause() {},
    resume() {},
    cancel() {
      isOver = true
    },
  }
}
