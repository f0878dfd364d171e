import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { SseParser, type SseEvent } from '../src/lib/sse.ts'
import type { TestHub } from './start-test-hub.ts'

type Json = Record<string, any>

export interface RawReply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  /** The JSON body, or the last message of an event stream. */
  readonly body: any
  readonly events: readonly SseEvent[]
}

/** A response that is read while it comes. */
export interface RawStream {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly events: SseEvent[]
  /** The messages among the events. */
  readonly messages: any[]
  /** Comment lines, which keep a stream alive. */
  readonly comments: () => number
  readonly ended: Promise<void>
  /** Cuts the connection, as a client that goes away does. */
  cut(): void
}

export interface RawRequest {
  readonly method?: 'POST' | 'GET' | 'DELETE' | 'PUT'
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: unknown
}

const ACCEPT = 'application/json, text/event-stream'

/** Sends one request exactly as given, on a connection of its own. */
export async function openRaw(hub: TestHub, wanted: RawRequest): Promise<RawStream & { text(): string }> {
  const { method = 'POST', path = '/mcp/servers/one', headers = {}, body } = wanted
  const url = new URL(hub.url + path)
  const sent = request({
    host: url.hostname,
    port: url.port,
    path,
    method,
    agent: false,
    headers: {
      host: url.host,
      ...hub.headers,
      accept: ACCEPT,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  })
  sent.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body))
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const parser = new SseParser(64 * 1024 * 1024)
  const events: SseEvent[] = []
  const messages: any[] = []
  const chunks: Buffer[] = []
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    for (const event of parser.push(chunk)) {
      events.push(event)
      if (event.data !== '' && event.event !== 'endpoint') messages.push(JSON.parse(event.data))
    }
  })
  const text = () => Buffer.concat(chunks).toString('utf8')
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    messages,
    text,
    comments: () => text().match(/^:/gm)?.length ?? 0,
    ended: new Promise((resolve) => {
      response.once('close', () => resolve())
    }),
    cut: () => sent.destroy(),
  }
}

/** The same, read to its end. */
export async function sendRaw(hub: TestHub, wanted: RawRequest): Promise<RawReply> {
  const stream = await openRaw(hub, wanted)
  await stream.ended
  const { status, headers, events, messages } = stream
  const text = stream.text()
  const isEvents = headers['content-type']?.startsWith('text/event-stream') === true
  const body: unknown = isEvents ? messages.at(-1) : text === '' ? undefined : parse(text)
  return { status, headers, text, events, body }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export interface RawSession {
  readonly id: string
  readonly headers: Readonly<Record<string, string>>
}

/** Opens a session of 2025-11-25 and says that it is ready. */
export async function openSession(
  hub: TestHub,
  capabilities: Json = {},
  path = '/mcp/servers/one',
): Promise<RawSession> {
  const params = { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 'raw', version: '1' } }
  const opened = await sendRaw(hub, {
    path,
    body: { jsonrpc: '2.0', id: 'init', method: 'initialize', params },
  })
  const id = String(opened.headers['mcp-session-id'])
  const headers = { 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' }
  await sendRaw(hub, { path, headers, body: { jsonrpc: '2.0', method: 'notifications/initialized' } })
  return { id, headers }
}

/** A `tools/call` of a legacy session. */
export function legacyCall(session: RawSession, name: string, params: Json = {}, id: string | number = 1) {
  return {
    headers: session.headers,
    body: { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {}, ...params } },
  }
}
