import { setTimeout as sleep } from 'node:timers/promises'
import { startHub } from '../hub/start-hub.ts'
import type { Hub, HubServer } from '../hub/start-hub.ts'
import { clients } from './clients.ts'
import type { Driver, MatrixClient, Target } from './drivers/driver.ts'
import { basicFeatures } from './features/basic-features.ts'
import { missingFrom } from './features/feature.ts'
import type { Feature, Proof } from './features/feature.ts'
import { fixtureFeatures } from './features/fixture-features.ts'
import { fixtureUpstreams } from './upstreams/fixture-upstreams.ts'
import { oldSdkUpstreams } from './upstreams/old-sdk-upstreams.ts'
import { publishedUpstreams } from './upstreams/published-upstreams.ts'
import type { MatrixUpstream, StartedUpstream } from './upstreams/upstream.ts'

const featureLimitMs = 60_000
/** Most of the time is waiting. */
const atOnce = 3

export const features: Feature[] = [...basicFeatures, ...fixtureFeatures]
export const upstreams: MatrixUpstream[] = [...fixtureUpstreams, ...oldSdkUpstreams, ...publishedUpstreams]

/** One cell: what this client sees of that feature of that upstream. */
export interface Cell {
  upstream: string
  client: string
  feature: string
  outcome: { kind: 'works' } | { kind: 'fails'; why: string } | { kind: 'absent'; why: string }
}

export interface MatrixOptions {
  /** Ids of upstreams or clients, or names of features; all when empty. */
  only: string[]
  /** Without a hub: proves the matrix itself, on upstreams over HTTP and clients of their era. */
  isDirect: boolean
  onCell: (cell: Cell) => void
}

/** Proves every feature for every client and upstream; a few upstreams at a time, each with one client after the other. */
export async function runMatrix({ only, isDirect, onCell }: MatrixOptions): Promise<Cell[]> {
  const isChosen = choose(only)
  const waiting = upstreams.filter(({ id }) => isChosen('upstream', id))
  const cells = new Map(waiting.map((upstream) => [upstream, [] as Cell[]]))
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      for await (const cell of proveUpstream(next, { isChosen, isDirect })) {
        cells.get(next)?.push(cell)
        onCell(cell)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return [...cells.values()].flat()
}

async function* proveUpstream(
  upstream: MatrixUpstream,
  { isChosen, isDirect }: { isChosen: ReturnType<typeof choose>; isDirect: boolean },
): AsyncGenerator<Cell> {
  const started = await upstream.start()
  try {
    const access = isDirect ? accessDirectly(started) : await accessThroughHub(started)
    try {
      for (const client of clients.filter(({ id }) => isChosen('client', id))) {
        if (upstream.isForSdks && !client.isSdk) continue
        if (isDirect && (client.revision !== upstream.revision || access.target === undefined)) continue
        const chosen = features.filter(({ name }) => isChosen('feature', name))
        yield* await proveAll(client, upstream, access, chosen)
      }
    } finally {
      await access.stop()
    }
  } finally {
    await started.stop()
  }
}

interface Access {
  target: Target | undefined
  paged: Target | undefined
  stop: () => Promise<void>
}

function accessDirectly({ server, paged }: StartedUpstream): Access {
  const toTarget = (one: HubServer | undefined) =>
    one !== undefined && 'url' in one ? { url: one.url } : undefined
  return { target: toTarget(server), paged: toTarget(paged), stop: async () => {} }
}

async function accessThroughHub({ server, paged }: StartedUpstream): Promise<Access> {
  const hub: Hub = await startHub(paged === undefined ? { matrix: server } : { matrix: server, paged })
  return {
    target: { url: hub.endpoint('matrix'), key: hub.key },
    paged: paged === undefined ? undefined : { url: hub.endpoint('paged'), key: hub.key },
    stop: hub.stop,
  }
}

async function proveAll(
  client: MatrixClient,
  upstream: MatrixUpstream,
  access: Access,
  chosen: Feature[],
): Promise<Cell[]> {
  const cellOf = (feature: Feature, outcome: Cell['outcome']): Cell => ({
    upstream: upstream.id,
    client: client.id,
    feature: feature.name,
    outcome,
  })
  let driver: Driver
  try {
    driver = await withLimit(client.connect(required(access.target)))
  } catch (error) {
    return chosen.map((feature) =>
      cellOf(feature, { kind: 'fails', why: `no connection: ${wordsOf(error)}` }),
    )
  }
  const connectPaged = () => client.connect(required(access.paged))
  const proof: Proof = { driver, upstream, clientRevision: client.revision, connectPaged }
  const cells: Cell[] = []
  for (const feature of chosen) {
    const why =
      missingFrom(upstream.revision, feature.name) ??
      feature.isMissingFrom(upstream, client.revision) ??
      client.lacks[feature.name] ??
      missingFrom(client.revision, feature.name)
    cells.push(cellOf(feature, why === undefined ? await prove(feature, proof) : { kind: 'absent', why }))
  }
  await withLimit(driver.close()).catch((error: unknown) => {
    console.error(`${client.id} did not close: ${wordsOf(error)}`)
  })
  return cells
}

async function prove(feature: Feature, proof: Proof): Promise<Cell['outcome']> {
  try {
    await withLimit(feature.prove(proof))
    return { kind: 'works' }
  } catch (error) {
    return { kind: 'fails', why: wordsOf(error) }
  }
}

async function withLimit<value>(work: Promise<value>): Promise<value> {
  const over = new AbortController()
  const tooLate = sleep(featureLimitMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`no answer within ${featureLimitMs} ms`)
  })
  try {
    return await Promise.race([work, tooLate])
  } finally {
    over.abort()
    tooLate.catch(() => 'the timer was stopped')
  }
}

function choose(only: string[]): (kind: 'upstream' | 'client' | 'feature', name: string) => boolean {
  const known = {
    upstream: upstreams.map(({ id }) => id),
    client: clients.map(({ id }) => id),
    feature: features.map(({ name }) => name),
  }
  const stranger = only.find((name) => !Object.values(known).flat().includes(name))
  if (stranger !== undefined) throw new Error(`Nothing in the matrix is called ${stranger}`)
  return (kind, name) => {
    const named = only.filter((one) => known[kind].includes(one))
    return named.length === 0 || named.includes(name)
  }
}

function required(target: Target | undefined): Target {
  if (target === undefined) throw new Error('This upstream has no such address')
  return target
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').slice(0, 300)
}
