import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Era, EvilState, Json } from './evil-state.ts'

/** One request at the evil server, the same for HTTP and stdio as far as a behaviour does not go below messages. */
export interface Exchange {
  readonly era: Era
  readonly state: EvilState
  readonly id: unknown
  readonly message: Json
  readonly params: Json
  readonly args: Json
  readonly raw: string
  /** Aborted when the other side gave the request up; behaviours that wait listen to it. */
  readonly signal: AbortSignal
  result(result: Json): void
  error(code: number, message: string, data?: unknown): void
  /** A notification of this request; over HTTP it turns the answer into an event stream. */
  notify(method: string, params: Json): void
  /** A request of the server's own, on this request's stream; resolves with the client's answer message. */
  serverRequest(method: string, params: Json, id?: string): Promise<Json>
  /** The raw bytes below: the response of HTTP, or the line writer of stdio. */
  readonly wire: HttpWire | StdioWire
}

export interface HttpWire {
  readonly kind: 'http'
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export interface StdioWire {
  readonly kind: 'stdio'
  write(text: string): void
}

export type Behaviour = (exchange: Exchange) => void | Promise<void>

/** A finished tool result of the exchange's era. */
export function textResult(exchange: Exchange, text: string, more: Json = {}): Json {
  const base = { content: [{ type: 'text', text }], ...more }
  return exchange.era === '2026-07-28' ? { resultType: 'complete', ...base } : base
}

export function numberArgument(exchange: Exchange, name: string, fallback: number): number {
  const value = exchange.args[name]
  return typeof value === 'number' ? value : fallback
}

export function textArgument(exchange: Exchange, name: string, fallback: string): string {
  const value = exchange.args[name]
  return typeof value === 'string' ? value : fallback
}

/** Resolves after that time, or as soon as the exchange is given up: then with false. */
export function waitIn(exchange: Exchange, milliseconds: number): Promise<boolean> {
  if (exchange.signal.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      exchange.signal.removeEventListener('abort', onAbort)
      resolve(true)
    }, milliseconds)
    function onAbort(): void {
      clearTimeout(timer)
      resolve(false)
    }
    exchange.signal.addEventListener('abort', onAbort, { once: true })
  })
}
