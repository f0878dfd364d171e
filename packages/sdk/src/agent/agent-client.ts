import { createEventReader } from '../event-reader.ts'
import { readJsonObject } from '../fetch-json.ts'
import { HubError } from '../hub-error.ts'
import type { AgentEvent, Answer, Message, Part, Task } from './agent-messages.ts'

export interface AgentClientOptions {
  /** Where the agent is asked with JSON-RPC: `https://hub.example/a2a/agents/weather`. */
  readonly url: string
  /** The access token; asked for before each request. */
  readonly token: () => string | Promise<string>
  /** Hears that a token was not taken. */
  readonly onRefused?: (token: string) => void
  readonly fetch?: typeof globalThis.fetch
}

/** What is said to an agent: a text, or more. */
export type Said = string | (Partial<Message> & { readonly parts: readonly Part[] })

export interface SendOptions {
  /** Where the conversation goes on. */
  readonly contextId?: string
  /** The task that is answered. */
  readonly taskId?: string
  /** `SendMessageConfiguration` of A2A. */
  readonly configuration?: Readonly<Record<string, unknown>>
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly signal?: AbortSignal
  /** URIs for `A2A-Extensions`. */
  readonly extensions?: readonly string[]
}

type Abortable = Pick<SendOptions, 'signal'>

/** Asks one agent of a hub (A2A 1.0 over JSON-RPC); rejects with `HubError` for what the hub or the agent refuses. */
export interface AgentClient {
  readonly url: string
  /** The agent's answer: a message, or a task when it has ended or waits. */
  send(said: Said, options?: SendOptions): Promise<Answer>
  /** What the agent tells as it works. To stop listening lets the task go on. */
  stream(said: Said, options?: SendOptions): AsyncGenerator<AgentEvent, void>
  /** Joins a task that is under way. */
  subscribe(taskId: string, options?: Abortable): AsyncGenerator<AgentEvent, void>
  getTask(taskId: string, options?: Abortable): Promise<Task>
  cancelTask(taskId: string, options?: Abortable): Promise<Task>
  /** Like the global one, with the token for requests to the agent and for no others; other A2A clients take it. */
  readonly fetch: typeof globalThis.fetch
}

const VERSION = '1.0'
/** Longer than a hub lets an agent think. */
const TIMEOUT_MS = 6 * 60_000
const ANSWER_LIMIT_BYTES = 32 * 1_048_576
const EVENT_LIMIT_CHARACTERS = 16 * 1_048_576

/**
 * @example
 * const weather = createAgentClient({ url: 'https://hub.example/a2a/agents/weather', token: () => accessToken })
 * console.log(textOf(await weather.send('Will it rain in Bern?')))
 */
export function createAgentClient(options: AgentClientOptions): AgentClient {
  const url = new URL(options.url).href.replace(/\/+$/, '')
  const authorized = withToken(url, options)

  async function request(method: string, params: object, more: SendOptions, accept: string) {
    const { signal, extensions = [] } = more
    const response = await authorized(url, {
      method: 'POST',
      headers: {
        accept,
        'content-type': 'application/json',
        'a2a-version': VERSION,
        ...(extensions.length > 0 && { 'a2a-extensions': extensions.join(', ') }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: crypto.randomUUID(), method, params }),
      ...(signal && { signal }),
    })
    return response
  }

  async function call(method: string, params: object, more: SendOptions = {}): Promise<unknown> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS)
    const signal = more.signal ? AbortSignal.any([more.signal, timeout]) : timeout
    const response = await request(method, params, { ...more, signal }, 'application/json')
    return resultOf(await readJsonObject(response, ANSWER_LIMIT_BYTES), response.status)
  }

  async function* listen(method: string, params: object, more: SendOptions = {}) {
    const response = await request(method, params, more, 'text/event-stream')
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      yield resultOf(await readJsonObject(response, ANSWER_LIMIT_BYTES), response.status) as AgentEvent
      return
    }
    const read = createEventReader(EVENT_LIMIT_CHARACTERS)
    for await (const chunk of response.body ?? [])
      for (const { data } of read(chunk))
        if (data !== '') yield resultOf(JSON.parse(data) as object, response.status) as AgentEvent
  }

  return {
    url,
    send: async (said, more) => (await call('SendMessage', toRequest(said, more), more)) as Answer,
    stream: (said, more) => listen('SendStreamingMessage', toRequest(said, more), more),
    subscribe: (id, more) => listen('SubscribeToTask', { id }, more),
    getTask: async (id, more) => (await call('GetTask', { id }, more)) as Task,
    cancelTask: async (id, more) => (await call('CancelTask', { id }, more)) as Task,
    fetch: authorized,
  }
}

/** The token goes to the agent's own address and what is below it, and never where a redirect points. */
function withToken(url: string, options: AgentClientOptions): typeof globalThis.fetch {
  const { token: getToken, onRefused, fetch = globalThis.fetch } = options
  return async (input, init) => {
    const asked = new URL(input instanceof Request ? input.url : input).href
    if (asked !== url && !asked.startsWith(`${url}/`) && !asked.startsWith(`${url}?`))
      return fetch(input, init)
    const token = await getToken()
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}))
    headers.set('authorization', `Bearer ${token}`)
    const response = await fetch(input, { ...init, headers, redirect: 'error' })
    if (response.status === 401) onRefused?.(token)
    return response
  }
}

function toRequest(said: Said, options: SendOptions = {}): object {
  const { contextId, taskId, configuration, metadata } = options
  const { parts, ...rest } = typeof said === 'string' ? { parts: [{ text: said }] } : said
  return {
    message: {
      messageId: crypto.randomUUID(),
      role: 'ROLE_USER',
      ...(contextId !== undefined && { contextId }),
      ...(taskId !== undefined && { taskId }),
      ...rest,
      parts,
    },
    ...(configuration && { configuration }),
    ...(metadata && { metadata }),
  }
}

interface RpcError {
  readonly code?: unknown
  readonly message?: unknown
  readonly data?: unknown
}

/** The result of a JSON-RPC answer. Throws the error that stands in its place, or a refusal in another form (RFC 9457). */
function resultOf(answer: object, status: number): unknown {
  const { result, error, code, detail } = answer as Record<string, unknown>
  if (result !== undefined) return result
  const { code: number, message, data } = (error ?? {}) as RpcError
  if (typeof number === 'number') throw new HubError(String(message), { code: number, status, data })
  const words = [detail, message].find((text) => typeof text === 'string')
  throw new HubError(words ?? `The hub answered ${status}.`, { code: String(code ?? status), status })
}
