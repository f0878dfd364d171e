import type { EventStream } from './event-stream.ts'
import type { JsonObject } from './json.ts'
import type { Binding, Operation, StreamOperation } from './operations.ts'

/** An answer, whatever the binding: one of `result` and `error`, and what the transport showed. */
export interface Reply {
  readonly result?: JsonObject
  readonly error?: SeenError
  readonly http?: HttpFacts
  /** Metadata that came with the status of gRPC. */
  readonly trailers?: Readonly<Record<string, string>>
}

export interface SeenError {
  /** Of JSON-RPC, HTTP or gRPC. */
  readonly code: number
  readonly message: string
  /** As ProtoJSON `Any`, whatever the binding. */
  readonly details: readonly JsonObject[]
  /** Of the `google.rpc.ErrorInfo` among the details. */
  readonly reason: string
  readonly domain: string
}

export interface HttpFacts {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface CallOptions {
  /** `A2A-Version`; `null` sends none, the default is the client's own. */
  readonly version?: string | null
  /** `null` sends none, the default is the client's own. */
  readonly token?: string | null
  /** Further headers, or metadata. */
  readonly headers?: Readonly<Record<string, string>>
  /** Added to the address, where the binding has one. */
  readonly query?: string
}

/** One interface of an agent, spoken by hand. Requests and answers are in the JSON form of A2A 1.0. */
export interface A2aClient {
  readonly binding: Binding
  call(operation: Operation, request?: JsonObject, options?: CallOptions): Promise<Reply>
  open(operation: StreamOperation, request: JsonObject, options?: CallOptions): Promise<EventStream>
  close(): void
}

export interface ClientOptions {
  readonly url: string
  readonly tenant?: string
  readonly token?: string
  readonly version: string
  /** `A2A-Extensions` of every request that says nothing else. */
  readonly extensions?: string
}

export function seenError(code: number, message: unknown, details: readonly JsonObject[]): SeenError {
  const info = details.find((detail) => String(detail['@type']).endsWith('google.rpc.ErrorInfo')) ?? {}
  return {
    code,
    message: typeof message === 'string' ? message : '',
    details,
    reason: typeof info['reason'] === 'string' ? info['reason'] : '',
    domain: typeof info['domain'] === 'string' ? info['domain'] : '',
  }
}

/** For complaints: what came, in a line. */
export function told({ result, error, http }: Reply): string {
  const status = http === undefined ? '' : `HTTP ${http.status} `
  if (error !== undefined)
    return `${status}error ${error.code} ${error.reason} ${error.message}`.slice(0, 300)
  return `${status}${JSON.stringify(result ?? null)}`.slice(0, 300)
}
