import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ParleyError } from '@parley/contract'
import { createActivity, type Activity } from '../activity/index.ts'
import { createEgress } from '../egress/index.ts'
import { systemClock, type Clock } from '../lib/clock.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { createNewId, systemRandom } from '../lib/random.ts'
import { WriteBatch } from '../lib/write-batch.ts'
import { openStore } from '../store/index.ts'
import { createDirectory, type DirectoryOptions } from './create-directory.ts'
import type { ManagedDirectory } from './managed-directory.ts'

/** What stands at the addresses of a host of cards; change it at any time. */
export interface CardHost {
  readonly origin: string
  /** By path: the card, and what else its answer has. */
  readonly cards: Map<string, HostedCard>
  readonly seen: { readonly path: string; readonly headers: IncomingHttpHeaders }[]
  close(): Promise<void>
}

export interface HostedCard {
  readonly card: unknown
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

export const WELL_KNOWN = '/.well-known/agent-card.json'

/** A web server on a free port of loopback that answers with cards; a matching `If-None-Match` gets 304. */
export async function startCardHost(): Promise<CardHost> {
  const cards = new Map<string, HostedCard>()
  const seen: CardHost['seen'] = []
  const server = createServer((req, res) => {
    const path = req.url ?? ''
    seen.push({ path, headers: req.headers })
    const hosted = cards.get(path)
    if (!hosted) return void res.writeHead(404).end()
    const headers = { 'content-type': 'application/json', ...hosted.headers }
    if (hosted.headers?.['etag'] !== undefined && req.headers['if-none-match'] === hosted.headers['etag'])
      return void res.writeHead(304, headers).end()
    const body = typeof hosted.card === 'string' ? hosted.card : JSON.stringify(hosted.card)
    res.writeHead(hosted.status ?? 200, headers).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cards,
    seen,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** A card of 1.0 as an agent would publish it. */
export function sampleCard(url: string, more: JsonObject = {}): JsonObject {
  return {
    name: 'Weather',
    description: 'Tells what the weather will be.',
    version: '1.2.0',
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
    capabilities: { streaming: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [
      {
        id: 'forecast',
        name: 'Forecast',
        description: 'The weather of the next days at a place.',
        tags: ['weather', 'forecast'],
        examples: ['Will it rain in Bern tomorrow?'],
      },
    ],
    ...more,
  }
}

export interface DirectoryHouse {
  readonly directory: ManagedDirectory
  readonly activity: Activity
  /** Actions that were recorded, newest first. */
  actions(): string[]
  notes(action: string): string[]
  close(): Promise<void>
}

export function newDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'parley-directory-'))
}

export function removeDataDir(dataDir: string): void {
  rmSync(dataDir, { recursive: true, force: true })
}

/** The directory over a real store, activity and egress; without a way to call agents, which these tests do not need. */
export async function openDirectoryHouse(
  dataDir: string,
  options: { clock?: Clock } & Partial<
    Pick<DirectoryOptions, 'otherNames' | 'identityOf' | 'limit' | 'declared'>
  > = {},
): Promise<DirectoryHouse> {
  const clock = options.clock ?? systemClock
  const store = await openStore(dataDir)
  const activity = createActivity({ store, clock, mode: 'strict', onError: () => undefined })
  const limits = {
    upstreamConnectTimeoutMs: 2000,
    upstreamTimeoutMs: 2000,
    upstreamResponseBytes: 1024 * 1024,
    upstreamConnections: 4,
    clientMetadataBytes: 10_240,
    webhookTimeoutMs: 1000,
  }
  const egress = createEgress({ limits, writes: new WriteBatch(), ownListeners: () => [] })
  const directory = await createDirectory({
    store,
    activity,
    clock,
    newId: createNewId(clock, systemRandom),
    declared: [],
    limit: 100,
    identityOf: () => undefined,
    otherNames: () => [],
    openOutlet: (url, agent) => egress.open({ purpose: 'card', url, allowance: egress.allow(url, agent) }),
    openLink: () => {
      throw new ParleyError('upstream_unavailable', 'Not part of this test.')
    },
    log: () => undefined,
    ...options,
  })
  const records = () => activity.list({ before: undefined, limit: 1000 }).map(({ record }) => record)
  return {
    directory,
    activity,
    actions: () => records().map(({ action }) => action),
    notes: (action) =>
      records()
        .filter((record) => record.action === action)
        .map(({ note }) => note ?? ''),
    async close() {
      await directory[Symbol.asyncDispose]()
      await egress.close()
      await activity[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}
