import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createActivity, type Activity } from '../activity/index.ts'
import { createEgress, type Egress } from '../egress/index.ts'
import { systemClock } from '../lib/clock.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { createNewId, systemRandom } from '../lib/random.ts'
import { WriteBatch } from '../lib/write-batch.ts'
import { openStore, type Store } from '../store/index.ts'
import { createUpstream } from '../upstream/index.ts'
import { createRegistry, type DeclaredServer, type ManagedRegistry } from './create-registry.ts'

/** What a scripted upstream offers; change it at any time. */
export interface Script {
  tools: JsonObject[]
  prompts: JsonObject[]
  templates: JsonObject[]
  resources: JsonObject[]
  instructions: string | undefined
  capabilities: JsonObject
  pageSize: number
  /** Errors by method, in place of an answer. */
  errors: Record<string, { code: number; message: string }>
  /** Waits before it answers a method. */
  before: (method: string) => Promise<void>
}

/** A modern MCP server on a free port of loopback, whose definitions a test can change. */
export interface ScriptedUpstream {
  readonly script: Script
  readonly url: string
  readonly seen: string[]
  /** Tells every subscriber that the tools changed. */
  tell(): void
  close(): Promise<void>
}

const LISTS: Readonly<
  Record<string, [keyof Script & ('tools' | 'prompts' | 'templates' | 'resources'), string]>
> = {
  'tools/list': ['tools', 'tools'],
  'prompts/list': ['prompts', 'prompts'],
  'resources/templates/list': ['templates', 'resourceTemplates'],
  'resources/list': ['resources', 'resources'],
}

export async function startUpstream(changes: Partial<Script> = {}): Promise<ScriptedUpstream> {
  const script: Script = {
    tools: [],
    prompts: [],
    templates: [],
    resources: [],
    instructions: undefined,
    capabilities: { tools: { listChanged: true }, prompts: {}, resources: {} },
    pageSize: 1000,
    errors: {},
    before: () => Promise.resolve(),
    ...changes,
  }
  const seen: string[] = []
  const streams = new Set<ServerResponse>()
  const server = createServer((req, res) => {
    void readBody(req).then(async (message) => {
      seen.push(String(message['method']))
      await script.before(String(message['method']))
      respond(script, message, { res, streams })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    script,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    seen,
    tell() {
      const params = { _meta: { 'io.modelcontextprotocol/subscriptionId': 1 } }
      for (const stream of streams) sendEvent(stream, { method: 'notifications/tools/list_changed', params })
    },
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function readBody(req: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString()) as JsonObject
}

function respond(
  script: Script,
  message: JsonObject,
  { res, streams }: { res: ServerResponse; streams: Set<ServerResponse> },
): void {
  const method = String(message['method'])
  const params = (message['params'] ?? {}) as JsonObject
  const error = script.errors[method]
  if (method === 'subscriptions/listen' && !error) {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    sendEvent(res, {
      method: 'notifications/subscriptions/acknowledged',
      params: {
        notifications: params['notifications'],
        _meta: { 'io.modelcontextprotocol/subscriptionId': message['id'] },
      },
    })
    streams.add(res)
    res.once('close', () => streams.delete(res))
    return
  }
  const outcome = error ? { error } : { result: resultOf(script, method, params) }
  res.writeHead(200, { 'content-type': 'application/json' })
  res.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], ...outcome }))
}

function resultOf(script: Script, method: string, params: JsonObject): JsonObject {
  const list = LISTS[method]
  if (!list) {
    const { instructions, capabilities } = script
    return {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities,
      ttlMs: 0,
      cacheScope: 'private',
      ...(instructions === undefined ? {} : { instructions }),
    }
  }
  const [member, field] = list
  const start = Number(params['cursor'] ?? 0)
  const end = start + script.pageSize
  const items = script[member]
  const next = end < items.length ? { nextCursor: String(end) } : {}
  return {
    resultType: 'complete',
    [field]: items.slice(start, end),
    ttlMs: 0,
    cacheScope: 'private',
    ...next,
  }
}

function sendEvent(res: ServerResponse, message: JsonObject): void {
  res.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`)
}

/** A registry with everything beneath it real, on a data directory of its own. */
export interface House {
  readonly registry: ManagedRegistry
  readonly store: Store
  readonly activity: Activity
  readonly egress: Egress
  /** Notes of the activity records of these actions, oldest first. */
  notes(...actions: string[]): string[]
  close(): Promise<void>
}

const LIMITS = {
  upstreamConnectTimeoutMs: 2000,
  upstreamTimeoutMs: 10_000,
  upstreamResponseBytes: 20_000_000,
  upstreamConnections: 16,
  clientMetadataBytes: 10_240,
  webhookTimeoutMs: 1000,
}

export function newDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'parley-registry-'))
}

export function removeDataDir(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}

export async function openHouse(dataDir: string, declared: readonly DeclaredServer[] = []): Promise<House> {
  const clock = systemClock
  const store = await openStore(dataDir)
  const activity = createActivity({ store, clock, mode: 'strict', onError: () => undefined })
  const egress = createEgress({ limits: LIMITS, writes: new WriteBatch(), ownListeners: () => [] })
  const registry = await createRegistry({
    store,
    activity,
    clock,
    newId: createNewId(clock, systemRandom),
    declared,
    log: () => undefined,
    keepDocument: () => Promise.resolve([]),
    connect: ({ name, target }, mirrored) => {
      if (target.transport !== 'http') throw new Error('only HTTP here')
      const { url } = target
      const allowance = egress.allow(url, `server ${name}`)
      return createUpstream({
        name,
        target: { kind: 'http', url, outlet: egress.open({ purpose: 'upstream', url, allowance }) },
        limits: { resultBytes: 20_000_000, timeoutMs: 10_000, sessions: 10 },
        clock,
        mirrored,
        report: () => undefined,
        onLog: () => undefined,
      })
    },
  }).catch(async (error: unknown) => {
    await activity[Symbol.asyncDispose]()
    await egress.close()
    await store[Symbol.asyncDispose]()
    throw error
  })
  return {
    registry,
    store,
    activity,
    egress,
    notes(...actions) {
      const records = activity.list({ before: undefined, limit: 1000 }).map(({ record }) => record)
      return records
        .filter(({ action }) => actions.includes(action))
        .map(({ note }) => note ?? '')
        .toReversed()
    },
    async close() {
      await registry[Symbol.asyncDispose]()
      await activity[Symbol.asyncDispose]()
      await egress.close()
      await store[Symbol.asyncDispose]()
    },
  }
}

/** A tool with something at every place that a mutation can touch. */
export function sampleTool(): JsonObject & { name: string } {
  return {
    name: 'send_email',
    title: 'Send an e-mail',
    description: 'Sends an e-mail to one person.',
    inputSchema: {
      type: 'object',
      properties: {
        to: { type: 'string', description: 'Address', format: 'email' },
        priority: { type: 'integer', default: 1, enum: [1, 2, 3] },
        options: {
          type: 'object',
          properties: { copy: { type: 'object', properties: { deep: { type: 'boolean', default: false } } } },
        },
      },
      required: ['to'],
      additionalProperties: false,
    },
    outputSchema: { type: 'object', properties: { id: { type: 'string' } } },
    annotations: { title: 'Send', readOnlyHint: false, destructiveHint: true },
    icons: [{ src: 'https://example.com/icon.png', mimeType: 'image/png' }],
    _meta: { 'com.example/owner': 'mail' },
  }
}
