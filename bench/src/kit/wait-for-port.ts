import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const TRY_EVERY_MS = 50

/** Resolves when something listens on the port of 127.0.0.1; rejects after `timeoutMs`. */
export async function waitForPort(port: number, timeoutMs = 15_000): Promise<void> {
  for (const until = Date.now() + timeoutMs; ; await sleep(TRY_EVERY_MS)) {
    if (await accepts(port)) return
    if (Date.now() > until) throw new Error(`nothing listens on port ${port}`)
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
    socket.once('connect', () => socket.destroy())
  })
}
