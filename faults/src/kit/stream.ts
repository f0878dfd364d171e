import type { IncomingMessage } from 'node:http'
import type { Json } from '../evil/evil-state.ts'
import { begin, type HttpRequest, type Target } from './http.ts'
import { EventReader } from './sse.ts'

/** A reply that is read as it comes. */
export interface OpenStream {
  readonly status: number
  readonly response: IncomingMessage
  readonly messages: Json[]
  readonly ended: Promise<'ended' | 'aborted'>
  /** The first message, past or future, that fits; rejects after the time. */
  next(fits: (message: Json) => boolean, timeoutMs?: number): Promise<Json>
  /** Cuts the connection as a vanished client does. */
  abort(): void
}

export async function openStream(target: Target, request: HttpRequest): Promise<OpenStream> {
  const response = await begin(target, { timeoutMs: 120_000, ...request })
  const messages: Json[] = []
  const waiting = new Set<() => void>()
  const reader = new EventReader()
  const isStream = String(response.headers['content-type'] ?? '').startsWith('text/event-stream')
  let plain = ''
  response.on('data', (chunk: Buffer) => {
    if (!isStream) return void (plain += chunk.toString('utf8'))
    for (const data of reader.push(chunk.toString('utf8')))
      if (data !== '') messages.push(JSON.parse(data) as Json)
    for (const wake of waiting) wake()
  })
  const ended = new Promise<'ended' | 'aborted'>((resolve) => {
    response.on('end', () => {
      if (!isStream && plain.startsWith('{')) messages.push(JSON.parse(plain) as Json)
      for (const wake of waiting) wake()
      resolve('ended')
    })
    response.on('error', () => resolve('aborted'))
    response.on('close', () => resolve('aborted'))
  })
  return {
    status: response.statusCode ?? 0,
    response,
    messages,
    ended,
    next: (fits, timeoutMs = 5000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look)
          reject(
            new Error(
              `no such message within ${timeoutMs} ms; had ${JSON.stringify(messages).slice(0, 300)}`,
            ),
          )
        }, timeoutMs)
        function look(): void {
          const found = messages.find(fits)
          if (!found) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    abort: () => void response.destroy(),
  }
}
