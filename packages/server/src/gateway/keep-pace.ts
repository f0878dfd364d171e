import type { ServerResponse } from 'node:http'
import type { Clock } from '../lib/clock.ts'

/** A client that takes nothing for so long is cut: it would hold a place at the server. */
const STALL_MS = 30_000

/** Undefined while the client keeps up with what it is sent; otherwise a promise that it does again, or has gone. */
export function keepPace(response: ServerResponse, clock: Clock): Promise<void> | undefined {
  if (!response.writableNeedDrain || response.destroyed || response.writableEnded) return undefined
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.setTimeout(() => response.destroy(), STALL_MS)
  const done = () => {
    timer.cancel()
    response.off('drain', done)
    response.off('close', done)
    resolve()
  }
  response.on('drain', done)
  response.on('close', done)
  return promise
}
