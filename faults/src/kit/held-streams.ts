import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import type { HttpRequest, Target } from './http.ts'

/** A request whose answer is a stream, on a socket of its own: thousands of them are cheap. */
export interface HeldStream {
  readonly socket: Socket
  /** The beginning of the answer; all of it with `keep`. */
  text(): string
  isOpen(): boolean
}

/** Opens so many at once, fifty at a time; each is open once its answer has begun. */
export async function holdStreams(
  target: Target,
  request: HttpRequest,
  { count, keep = false }: { count: number; keep?: boolean },
): Promise<HeldStream[]> {
  const streams: HeldStream[] = []
  const work = async (): Promise<void> => {
    while (streams.length < count) {
      const place = streams.push(undefined as never) - 1
      streams[place] = await holdStream(target, request, keep)
    }
  }
  await Promise.all(Array.from({ length: 50 }, work))
  return streams
}

export async function holdStream(target: Target, request: HttpRequest, keep = false): Promise<HeldStream> {
  const socket = sendRaw(target, request)
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    if (keep || text.length < 2000) text += chunk.toString('utf8')
  })
  await once(socket, 'data')
  if (!text.startsWith('HTTP/1.1 200')) throw new Error(`no stream: ${text.slice(0, 300)}`)
  return { socket, text: () => text, isOpen: () => !socket.destroyed && !socket.readableEnded }
}

/** Sends it and waits for nothing. */
export function sendRaw({ port, key }: Target, { path, headers = [], body = '' }: HttpRequest): Socket {
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => socket.destroy())
  const lines = [`POST ${path} HTTP/1.1`, `Host: localhost:${port}`, `Authorization: Bearer ${key}`]
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`)
  lines.push(`Content-Length: ${Buffer.byteLength(String(body))}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n${String(body)}`)
  return socket
}
