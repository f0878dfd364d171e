import type { Socket } from 'node:net'
import { connect } from 'node:net'

export interface RawReply {
  readonly text: string
  /** Status of the first response, 0 when none came. */
  readonly status: number
  /** How many responses are in what came back: more than one betrays a smuggled request. */
  readonly responses: number
  readonly closed: boolean
  readonly milliseconds: number
}

/** A connection that sends exactly the bytes it is told to. */
export interface RawConnection {
  readonly socket: Socket
  readonly received: () => string
  readonly isClosed: () => boolean
  send(bytes: string | Buffer): Promise<void>
  /** Resolves when the peer closes or the time is over; says which. */
  untilClosed(timeoutMs: number): Promise<boolean>
  close(): void
}

/** Connects to a port of 127.0.0.1 and keeps what comes back, at most 4 MB of it. */
export async function openRaw(port: number, host = '127.0.0.1'): Promise<RawConnection> {
  const socket = connect({ port, host })
  const chunks: Buffer[] = []
  let size = 0
  let closed = false
  socket.on('data', (chunk) => {
    size += chunk.length
    if (size <= 4_000_000) chunks.push(chunk)
  })
  socket.on('close', () => (closed = true))
  // A reset by the peer is an outcome that tests look at, not a failure of the rig.
  socket.on('error', () => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.on('end', () => (closed = true))
  return {
    socket,
    received: () => Buffer.concat(chunks).toString('latin1'),
    isClosed: () => closed,
    send: (bytes) =>
      new Promise((resolve) => {
        if (closed || socket.destroyed) return resolve()
        socket.write(bytes as Buffer, () => resolve())
      }),
    untilClosed: (timeoutMs) =>
      new Promise((resolve) => {
        if (closed) return resolve(true)
        const timer = setTimeout(() => done(closed), timeoutMs)
        const onClose = (): void => done(true)
        function done(isClosed: boolean): void {
          clearTimeout(timer)
          socket.off('end', onClose)
          socket.off('close', onClose)
          resolve(isClosed)
        }
        socket.once('end', onClose)
        socket.once('close', onClose)
      }),
    close: () => socket.destroy(),
  }
}

/** Sends bytes and waits until the peer closes, is quiet for `quietMs` after its answer, or never answers. */
export async function exchangeRaw(port: number, bytes: string | Buffer, quietMs = 400): Promise<RawReply> {
  const started = performance.now()
  const connection = await openRaw(port)
  await connection.send(bytes)
  const silenceMs = Math.max(quietMs, 1500)
  let length = 0
  let changedAt = performance.now()
  let closed = false
  while (!closed && performance.now() - changedAt < (length > 0 ? quietMs : silenceMs)) {
    closed = await connection.untilClosed(10)
    const now = connection.received().length
    if (now !== length) changedAt = performance.now()
    length = now
  }
  connection.close()
  const text = connection.received()
  const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)]
  return {
    text,
    status: Number(statuses[0]?.[1] ?? 0),
    responses: statuses.length,
    closed,
    milliseconds: performance.now() - started,
  }
}
