import assert from 'node:assert/strict'
import { describeEvilStdio, startEvil, type EvilStdio } from '../evil/start-evil.ts'
import type { EvilHttp } from '../evil/evil-http.ts'
import { countSeen, type Era, type Json } from '../evil/evil-state.ts'
import { startCanary, type Canary } from '../kit/canary.ts'
import { openFace, toolText, type Face, type FaceOptions } from '../kit/face.ts'
import { expectNoStart, startHub, type FailedStart, type Hub, type HubOptions } from '../kit/hub.ts'
import { createRandom, type Random } from '../kit/random.ts'
import type { Settings } from './settings.ts'

export const ERAS: readonly Era[] = ['2026-07-28', '2025-11-25']
/** The four upstreams every rig has, by the name they are registered under. */
export const UPSTREAMS = ['modern', 'legacy', 'stdio-modern', 'stdio-legacy'] as const
export type UpstreamName = (typeof UPSTREAMS)[number]

export interface RigOptions {
  readonly limits?: Json
  /** More of `parley.yaml`'s servers, given what the rig itself started. */
  readonly servers?: (world: World) => Json
  readonly env?: Readonly<Record<string, string>>
  /** Further parts of `parley.yaml`. */
  readonly config?: Json
}

/** Everything a case works with: a hub, the evil servers behind it, a well-behaved bystander and the canary. */
export interface Rig {
  readonly hub: Hub
  readonly modern: EvilHttp
  readonly legacy: EvilHttp
  readonly stdioModern: EvilStdio
  readonly stdioLegacy: EvilStdio
  /** The upstream that no case attacks: it must never notice anything. */
  readonly good: EvilHttp
  readonly canary: Canary
  readonly settings: Settings
  readonly random: Random
  face(era: Era, path: string, options?: FaceOptions): Promise<Face>
  /** Messages of that method and name that reached the upstream. */
  count(upstream: UpstreamName, method: string, name?: string): number
  /** A hub of the case's own, stopped when the case ends. */
  ownHub(options: HubOptions): Promise<Hub>
  /** Starts a hub that has to refuse; rejects when it starts. */
  refusedHub(options: HubOptions): Promise<FailedStart>
  ownEvil(era: Era, overrides?: Parameters<typeof startEvil>[1]): Promise<EvilHttp>
  /** Runs when the case ends, whatever its outcome. */
  defer(cleanUp: () => unknown): void
  /**
   * Notes a measured figure and holds it against its limit. Outside `--full` four times the limit is let through,
   * since a shared machine is slower; the figure is printed either way.
   */
  figure(label: string, value: number, limit: number): void
  /**
   * Notes how much slower the same calls were beside something else, and holds the ratio against its limit. Outside
   * `--full`, where others may use the machine too, only what is a standstill to people fails.
   */
  slowdown(
    label: string,
    measured: { readonly quietMs: number; readonly busyMs: number },
    limit: number,
  ): void
  /** Printed beneath the case. */
  note(text: string): void
  settle(): Promise<void>
}

export interface RigHandle {
  readonly rig: Rig
  readonly figures: string[]
  /** What every case must leave behind: a living hub, an untouched canary, a bystander that still answers. */
  checkUntouched(): Promise<void>
  endCase(): Promise<void>
  close(): Promise<void>
}

/** Times below it are noise. */
const LEAST_MS = 5
const STANDSTILL_MS = 500

/** Short waits, and a rate that the suite itself does not run into. */
const RIG_LIMITS: Json = { upstreamTimeoutMs: 3000, requestsPerSecond: 100_000 }

export async function openRig(settings: Settings, options: RigOptions = {}): Promise<RigHandle> {
  const figures: string[] = []
  const deferred: (() => unknown)[] = []
  const world: World = {
    modern: await startEvil('2026-07-28'),
    legacy: await startEvil('2025-11-25'),
    good: await startEvil('2026-07-28'),
    canary: await startCanary(),
    stdioModern: describeEvilStdio('2026-07-28'),
    stdioLegacy: describeEvilStdio('2025-11-25'),
  }
  const hub = await startHub({
    entry: settings.hubEntry,
    config: {
      ...options.config,
      servers: rigServers(world, options),
      limits: { ...RIG_LIMITS, ...options.limits },
    },
    ...(options.env ? { env: options.env } : {}),
  })
  await settle(hub)
  async function endCase(): Promise<void> {
    for (const cleanUp of deferred.splice(0).reverse()) await cleanUp()
  }
  return {
    rig: {
      ...world,
      hub,
      settings,
      random: createRandom(settings.seed),
      ...rigTools(hub, settings, deferred),
      ...rigViews({ world, hub, settings, figures }),
    },
    figures,
    checkUntouched: () => checkUntouched(hub, world.canary),
    endCase,
    close: async () => {
      await endCase()
      await hub.stop()
      await Promise.all([
        world.modern.close(),
        world.legacy.close(),
        world.good.close(),
        world.canary.close(),
      ])
    },
  }
}

/** What surrounds the hub of a rig. */
export type World = Pick<Rig, 'modern' | 'legacy' | 'good' | 'canary' | 'stdioModern' | 'stdioLegacy'>

function rigServers(world: World, options: RigOptions): Json {
  return {
    modern: { url: world.modern.url },
    legacy: { url: world.legacy.url },
    good: { url: world.good.url },
    'stdio-modern': world.stdioModern.config,
    'stdio-legacy': world.stdioLegacy.config,
    ...options.servers?.(world),
  }
}

function rigTools(
  hub: Hub,
  settings: Settings,
  deferred: (() => unknown)[],
): Pick<Rig, 'ownHub' | 'refusedHub' | 'ownEvil' | 'defer' | 'settle' | 'face'> {
  return {
    face: (era, path, faceOptions) => openFace(hub, era, path, faceOptions),
    ownHub: async (hubOptions) => {
      const own = await startHub({ entry: settings.hubEntry, ...hubOptions })
      deferred.push(() => own.stop())
      return own
    },
    refusedHub: (hubOptions) => expectNoStart({ entry: settings.hubEntry, ...hubOptions }),
    ownEvil: async (era, overrides) => {
      const own = await startEvil(era, overrides)
      deferred.push(() => own.close())
      return own
    },
    defer: (cleanUp) => void deferred.push(cleanUp),
    settle: () => settle(hub),
  }
}

interface Viewed {
  readonly world: World
  readonly hub: Hub
  readonly settings: Settings
  readonly figures: string[]
}

function rigViews({ world, settings, figures }: Viewed): Pick<Rig, 'count' | 'figure' | 'slowdown' | 'note'> {
  return {
    count: (upstream, method, name) => countAt(world, upstream, method, name),
    slowdown: (label, { quietMs, busyMs }, limit) => {
      const ratio = busyMs / Math.max(quietMs, LEAST_MS)
      const seen = `${label}: ${ratio.toFixed(1)} times, ${busyMs.toFixed(1)} ms (limit ${limit} times)`
      figures.push(seen)
      assert.ok(settings.isFull ? ratio <= limit : busyMs <= STANDSTILL_MS, seen)
    },
    note: (text) => void figures.push(text),
    figure: (label, value, limit) => {
      figures.push(`${label}: ${value.toFixed(1)} (limit ${limit})`)
      const allowed = settings.isFull ? limit : limit * 4
      assert.ok(
        value <= allowed,
        `${label}: ${value.toFixed(1)}, limit ${limit} (let through up to ${allowed})`,
      )
    },
  }
}

function countAt(...[all, upstream, method, name]: [World, UpstreamName, string, string?]): number {
  if (upstream === 'modern' || upstream === 'legacy') return countSeen(all[upstream].state, method, name)
  return (upstream === 'stdio-modern' ? all.stdioModern : all.stdioLegacy).count(method, name)
}

/** Waits until every server of the hub is ready, so that a case starts from a quiet hub. */
export async function settle(hub: Hub, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const reply = await hub.api('GET', '/api/servers')
    const servers = (reply.json?.['servers'] ?? []) as Json[]
    const waiting = servers.filter((server) => server['health'] === 'connecting')
    if (reply.status === 200 && waiting.length === 0) return
    if (performance.now() > deadline)
      throw new Error(`servers still connecting: ${JSON.stringify(waiting.map((server) => server['name']))}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function checkUntouched(hub: Hub, canary: Canary): Promise<void> {
  assert.ok(hub.isAlive(), `the hub's process ended:\n${hub.log().slice(-2000)}`)
  assert.equal(canary.connections, 0, `the canary was reached: ${JSON.stringify(canary.heard)}`)
  const bystander = await openFace(hub, '2026-07-28', '/mcp/servers/good')
  const reply = await bystander.call('echo', { text: 'untouched' })
  assert.equal(
    toolText(reply),
    '{"text":"untouched"}',
    `the bystander no longer answers: ${reply.status} ${reply.text.slice(0, 300)}`,
  )
}
