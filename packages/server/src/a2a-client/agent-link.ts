import type {
  AgentInterface,
  OperationName,
  StreamResponse,
  StreamingOperation,
  UnaryOperation,
} from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'

/** What goes with one exchange beside its request. */
export interface ExchangeOptions {
  /**
   * Credentials and the hub's own extensions, as header names and values; over gRPC they are metadata. `A2A-Version` is
   * the link's own.
   */
  readonly headers: Readonly<Record<string, string>>
  /** URIs for `A2A-Extensions`. */
  readonly extensions?: readonly string[]
  /** Of a call: until its whole answer is there. Of a stream: until its head is there. */
  readonly timeoutMs: number
  /** Ends the exchange: the agent sees that its caller is gone. */
  readonly signal?: AbortSignal
}

/** Where the events of a stream go. `onEnd` or `onError` comes last, once, and never after `cancel`. */
export interface StreamReceiver {
  onEvent(event: StreamResponse): void
  /** The agent ended the stream in good order. */
  onEnd(): void
  /** A `ParleyError`: what the agent answered, or `upstream_*` where it broke off. */
  onError(error: unknown): void
}

export interface OpenedStream {
  /** Stops reading, for a receiver that cannot keep up. Events that have been read already still come. */
  pause(): void
  resume(): void
  cancel(): void
}

/** Whether the agent answers, as far as is known. `failing`: it does, but not as it must. */
export interface LinkHealth {
  readonly state: 'unknown' | 'ready' | 'failing' | 'unreachable'
  /** A public sentence; undefined while it is ready. */
  readonly lastError: string | undefined
  /** Milliseconds since the epoch. */
  readonly lastSeenAt: number | undefined
}

/**
 * A way to one agent over one of its interfaces. Requests and answers are A2A 1.0 JSON whatever the binding and version;
 * the link sets `tenant` as the interface says (specification §8.3.2) and translates. Errors of the agent arrive as
 * `ParleyError` with its A2A code; an answer that is none of the operation's is `upstream_invalid`.
 */
export interface AgentLink {
  readonly interface: AgentInterface
  call(operation: UnaryOperation, request: JsonObject, options: ExchangeOptions): Promise<JsonObject>
  /** Throws nothing: what cannot be begun comes to `onError`. */
  stream(
    operation: StreamingOperation,
    request: JsonObject,
    receiver: StreamReceiver,
    options: ExchangeOptions,
  ): OpenedStream
  /** What the interface's version does not have: `ListTasks` in 0.3. */
  supports(operation: OperationName): boolean
  health(): LinkHealth
  close(): Promise<void>
}
