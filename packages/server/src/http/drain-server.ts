import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const IDLE_SWEEP_MS = 50

/**
 * Closes a server without cutting anyone: after `noticeMs`, in which balancers can see that it is not ready, it
 * accepts no more; idle connections are closed, busy ones once their answer is out, and what is left after
 * `limitMs` is destroyed. Resolves with whether everything ended by itself.
 */
export async function drainServer(
  server: Server,
  connections: ReadonlySet<Socket>,
  options: { noticeMs: number; limitMs: number; onNotice: () => void; signal: AbortSignal },
): Promise<boolean> {
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  await sleep(Math.min(options.noticeMs, options.limitMs), undefined, { signal: options.signal }).catch(
    ignoreAbort,
  )
  server.close(() => resolve())
  options.onNotice()
  const sweep = setInterval(() => closeIdle(server, connections), IDLE_SWEEP_MS)
  const limit = new AbortController()
  const onAbort = () => limit.abort()
  options.signal.addEventListener('abort', onAbort)
  if (options.signal.aborted) onAbort()
  const isClean = await Promise.race([
    closed.then(() => true),
    sleep(options.limitMs, false, { signal: limit.signal }).catch(() => false),
  ])
  clearInterval(sweep)
  limit.abort()
  options.signal.removeEventListener('abort', onAbort)
  if (!isClean) server.closeAllConnections()
  await closed
  return isClean
}

/** node:http does not count a connection as idle that has never sent anything. */
function closeIdle(server: Server, connections: ReadonlySet<Socket>): void {
  server.closeIdleConnections()
  for (const socket of connections) {
    if (socket.bytesRead === 0) socket.destroy()
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'AbortError') throw error
}
