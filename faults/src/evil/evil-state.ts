import type { IncomingHttpHeaders } from 'node:http'

export type Era = '2026-07-28' | '2025-11-25'
export type Json = { [key: string]: unknown }

/** One message as the evil server received it, with the bytes it came in. */
export interface Seen {
  readonly at: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly method: string
  /** `params.name` or `params.uri`. */
  readonly name: string | undefined
  readonly message: Json
  readonly raw: string
}

/** When a call was given up by the other side, and how the server learned of it. */
export interface Cancelled {
  readonly at: number
  readonly name: string
  readonly via: 'closed' | 'notification'
}

/**
 * What the evil server says and what it has seen. Tests change `tools`, `instructions` and the like between two
 * calls; nothing else about the server changes by itself.
 */
export interface EvilState {
  tools: Json[]
  prompts: Json[]
  templates: Json[]
  resources: Json[]
  instructions: string | undefined
  serverInfo: Json
  /** Definitions per page of a list; 0: all on one. */
  pageSize: number
  ttlMs: unknown
  cacheScope: unknown
  /** Methods whose answer a test writes itself: the function's value is the `result`, or it throws an RpcFault. */
  readonly overrides: Map<string, (params: Json) => Json | Promise<Json>>
  readonly seen: Seen[]
  readonly cancelled: Cancelled[]
  readonly answersToServerRequests: Json[]
}

/** Thrown by an override to answer with a JSON-RPC error. */
export class RpcFault extends Error {
  readonly code: number
  readonly data: unknown
  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

export function createEvilState(overrides: Partial<EvilState> = {}): EvilState {
  return {
    tools: [],
    prompts: [],
    templates: [],
    resources: [],
    instructions: undefined,
    serverInfo: { name: 'evil', version: '1.0.0' },
    pageSize: 0,
    ttlMs: 0,
    cacheScope: 'private',
    overrides: new Map(),
    seen: [],
    cancelled: [],
    answersToServerRequests: [],
    ...overrides,
  }
}

/** How many messages of that method (and name) arrived. The proof of "never forwarded" is that this stays. */
export function countSeen(state: EvilState, method: string, name?: string): number {
  let count = 0
  for (const seen of state.seen)
    if (seen.method === method && (name === undefined || seen.name === name)) count += 1
  return count
}

/** The newest message of that method and name. */
export function lastSeen(state: EvilState, method: string, name?: string): Seen | undefined {
  return state.seen.findLast((seen) => seen.method === method && (name === undefined || seen.name === name))
}

export function forget(state: EvilState): void {
  state.seen.length = 0
  state.cancelled.length = 0
  state.answersToServerRequests.length = 0
}

/** A page of a list, its cursor being the index where the next one starts. */
export function pageOf(
  items: readonly Json[],
  pageSize: number,
  cursor: unknown,
): { page: Json[]; nextCursor?: string } {
  if (pageSize <= 0) return { page: [...items] }
  const start = typeof cursor === 'string' ? Number(cursor) : 0
  const page = items.slice(start, start + pageSize)
  const end = start + pageSize
  return end < items.length ? { page, nextCursor: String(end) } : { page }
}
