import type { ServerResponse } from 'node:http'
import { ERRORS, type ParleyError } from '@parley/contract'
import { Challenge } from '../identity/index.ts'
import type { Outcome, RpcError } from '../lib/json-rpc.ts'
import { encodeEvent } from '../lib/sse.ts'
import type { WriteBatch } from '../lib/write-batch.ts'
import type { ServerNotification } from '../upstream/index.ts'

/** A client that leaves this much unread is cut off, so that it cannot make the hub hold its answers. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024

/** Larger ones are not copied once more; smaller ones as in `LaneConnection`. */
const ONE_PIECE_BYTES = 16_384

/** The error as JSON-RPC says it (`ERRORS` maps code to number). */
export function toRpcError(error: ParleyError): RpcError {
  const base = { code: ERRORS[error.code].jsonRpc, message: error.message }
  return error.data === undefined ? base : { ...base, data: error.data }
}

/** The HTTP status that MCP 2026-07-28 gives a JSON-RPC error that an upstream returned. */
export function statusOfRpcError(code: number): number {
  if (code === -32601) return 404
  if (code === -32600 || code === -32700 || code === -32602) return 400
  return code <= -32020 && code >= -32099 ? 400 : 200
}

/** Writes one JSON body with its length, in one piece. */
export function sendJsonText(
  res: ServerResponse,
  status: number,
  json: string | Buffer,
  headers?: string[],
): void {
  if (res.headersSent || res.destroyed) return
  const body = typeof json === 'string' ? Buffer.from(json) : json
  const list = [
    'content-type',
    'application/json',
    'content-length',
    String(body.length),
    'cache-control',
    'no-store',
  ]
  res.writeHead(status, headers ? [...list, ...headers] : list)
  // As text of single bytes a body goes out in one piece with its head.
  if (body.length <= ONE_PIECE_BYTES) res.end(body.toString('latin1'), 'latin1')
  else res.end(body)
}

/** Refuses a request in JSON-RPC's form. `idJson` is the request's id as it was sent, absent when unknown. */
export function sendError(res: ServerResponse, error: ParleyError, idJson: string | undefined): void {
  const headers: string[] = []
  if (error instanceof Challenge) headers.push('www-authenticate', error.wwwAuthenticate)
  if (error.code === 'rate_limited') headers.push('retry-after', String(retryAfter(error)))
  if (error.code === 'method_not_allowed') headers.push('allow', 'POST')
  const id = idJson === undefined ? '' : `"id":${idJson},`
  const json = `{"jsonrpc":"2.0",${id}"error":${JSON.stringify(toRpcError(error))}}`
  sendJsonText(res, ERRORS[error.code].http, json, headers)
}

function retryAfter(error: ParleyError): number {
  const data = error.data as { retryAfterSeconds?: number } | undefined
  return data?.retryAfterSeconds ?? 1
}

interface ReplyOptions {
  /** The request's id as it was sent. */
  readonly idJson: string
  readonly modern: boolean
  /** Whether the client accepts event streams. */
  readonly streams: boolean
  readonly writes: WriteBatch
}

/**
 * The answer to one request: a single JSON object, or an event stream from the first notification on (MCP
 * 2026-07-28, Receiving Messages). A client that does not accept event streams gets the result alone.
 */
export class Reply {
  readonly #res: ServerResponse
  readonly #idJson: string
  readonly #modern: boolean
  readonly #streams: boolean
  readonly #writes: WriteBatch
  #open = false
  #done = false
  /** What goes on at the end of this turn. */
  #passed: (Buffer | string)[] = []

  constructor(res: ServerResponse, options: ReplyOptions) {
    this.#res = res
    this.#idJson = options.idJson
    this.#modern = options.modern
    this.#streams = options.streams
    this.#writes = options.writes
  }

  get streaming(): boolean {
    return this.#open
  }

  /** Sends a notification, or a request of a legacy session, on this request's stream. False when it cannot. */
  send(message: ServerNotification | object): boolean {
    if (this.#done || !this.#streams || this.#res.destroyed) return false
    this.openStream()
    this.write(encodeEvent(JSON.stringify({ jsonrpc: '2.0', ...message })))
    return true
  }

  openStream(): void {
    if (this.#open) return
    this.#open = true
    this.#res.writeHead(200, [
      'content-type',
      'text/event-stream',
      'cache-control',
      'no-store',
      'x-accel-buffering',
      'no',
    ])
    this.#res.flushHeaders()
  }

  /** Passes bytes of a stream on, in this turn; false when the client does not keep up. */
  pass(parts: readonly (Buffer | string)[]): boolean {
    if (this.#done || this.#res.destroyed) return true
    if (this.#passed.push(...parts) === parts.length) this.#writes.add(() => this.#flush())
    return !this.#res.writableNeedDrain
  }

  endStream(): void {
    if (this.#done) return
    this.#done = true
    this.#flush()
    this.#res.end()
  }

  /** Before anything else that is written, so that nothing overtakes it. */
  #flush(): void {
    const parts = this.#passed
    if (parts.length === 0) return
    this.#passed = []
    if (this.#res.destroyed) return
    for (const part of parts) this.#res.write(part)
  }

  write(text: string): void {
    this.#flush()
    if (this.#res.writableLength > MAX_UNREAD_BYTES) this.#res.destroy()
    else this.#res.write(text)
  }

  finish(outcome: Outcome): void {
    const body =
      'result' in outcome
        ? `"result":${JSON.stringify(outcome.result)}`
        : `"error":${JSON.stringify(outcome.error)}`
    const json = `{"jsonrpc":"2.0","id":${this.#idJson},${body}}`
    const status = this.#modern && 'error' in outcome ? statusOfRpcError(outcome.error.code) : 200
    this.#end(json, status)
  }

  /** Ends with a whole response as it was written elsewhere. */
  finishWith(json: string | Buffer, status: number): void {
    this.#end(json, status)
  }

  fail(error: ParleyError): void {
    if (!this.#open && !this.#done) {
      this.#done = true
      return sendError(this.#res, error, this.#idJson)
    }
    const json = `{"jsonrpc":"2.0","id":${this.#idJson},"error":${JSON.stringify(toRpcError(error))}}`
    this.#end(json, ERRORS[error.code].http)
  }

  #end(json: string | Buffer, status: number): void {
    if (this.#done) return
    this.#done = true
    if (this.#res.destroyed) return
    this.#flush()
    if (this.#open) this.#res.end(encodeEvent(json.toString()))
    else this.#writes.add(() => sendJsonText(this.#res, status, json))
  }
}
