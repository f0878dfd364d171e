import { readCpuTime, readRssKb } from '../kit/process-cost.ts'
import { least, median } from '../kit/statistics.ts'
import type { LoadResult } from '../load/run-load.ts'
import { runLoad } from '../load/run-load.ts'
import type { Leg } from '../systems/system.ts'

export interface Plan {
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
  readonly loadCore: number
  /** Also measure the latency of one connection. */
  readonly single?: boolean
  /** Warm means that so many were answered: on a busy machine time alone says little. */
  readonly warmUpRequests?: number
}

/** What a leg showed: medians over the rounds unless the name says otherwise. */
export interface Figures {
  readonly name: string
  readonly perSecond: number
  /** Against the first leg, round by round, then the median. */
  readonly ratio: number
  readonly eventsPerSecond: number
  /** CPU of the process, its threads and its children, for each request. */
  readonly cpuUs: number
  readonly cpuUsMin: number
  /** The first leg's least CPU time divided by this one's: the ratio that a busy machine disturbs least. */
  readonly cpuRatio: number
  /** How much of the time it stood in the queue for its core; much of it means that others used the machine. */
  readonly waitedPercent: number
  readonly p50C1Us: number | undefined
  readonly p50Us: number
  readonly p99Us: number
  readonly rssMb: number
}

interface Round {
  readonly perSecond: number
  readonly eventsPerSecond: number
  readonly cpuUs: number
  readonly waitedPercent: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p50C1Us: number | undefined
}

const WARM_UP_SECONDS = 1.5
const MAX_WARM_UPS = 10
const SINGLE_SECONDS = 1

/**
 * Measures legs in turn, round after round, so that a slow moment of the machine meets them all. The first leg is
 * the yardstick. Everything is warmed up before.
 */
export async function alternate(legs: readonly Leg[], plan: Plan): Promise<Figures[]> {
  for (const leg of legs) await warmUp(leg, plan)
  const rounds = new Map<Leg, Round[]>(legs.map((leg) => [leg, []]))
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const leg of legs) rounds.get(leg)!.push(await push(leg, plan))
  }
  const yardstick = rounds.get(legs[0]!)!
  return legs.map((leg) => summarize(leg, rounds.get(leg)!, yardstick))
}

async function warmUp(leg: Leg, plan: Plan): Promise<void> {
  let answered = 0
  for (let attempt = 0; attempt < MAX_WARM_UPS; attempt += 1) {
    answered += (await ask(leg, plan, plan.connections, WARM_UP_SECONDS)).requests
    if (answered >= (plan.warmUpRequests ?? 0)) return
  }
}

async function push(leg: Leg, plan: Plan): Promise<Round> {
  const { pid } = leg.system
  const before = readCpuTime(pid)
  const many = await ask(leg, plan, plan.connections, plan.seconds)
  const after = readCpuTime(pid)
  const one = plan.single ? await ask(leg, plan, 1, SINGLE_SECONDS) : undefined
  return {
    perSecond: many.requests / many.seconds,
    eventsPerSecond: many.events / many.seconds,
    cpuUs: (after.usedUs - before.usedUs) / many.requests,
    waitedPercent: (after.waitedUs - before.waitedUs) / many.seconds / 10_000,
    p50Us: many.p50Us,
    p99Us: many.p99Us,
    p50C1Us: one?.p50Us,
  }
}

async function ask(leg: Leg, plan: Plan, connections: number, seconds: number): Promise<LoadResult> {
  const { system, request } = leg
  try {
    return await runLoad({ port: system.port, request, core: plan.loadCore, connections, seconds })
  } catch (cause) {
    throw new Error(`${leg.name}, ${connections} connections`, { cause })
  }
}

function summarize(leg: Leg, rounds: readonly Round[], yardstick: readonly Round[]): Figures {
  const single = rounds.flatMap((round) => round.p50C1Us ?? [])
  return {
    name: leg.name,
    perSecond: median(rounds.map((round) => round.perSecond)),
    ratio: median(rounds.map((round, i) => round.perSecond / yardstick[i]!.perSecond)),
    eventsPerSecond: median(rounds.map((round) => round.eventsPerSecond)),
    cpuUs: median(rounds.map((round) => round.cpuUs)),
    cpuUsMin: least(rounds.map((round) => round.cpuUs)),
    cpuRatio: least(yardstick.map((round) => round.cpuUs)) / least(rounds.map((round) => round.cpuUs)),
    waitedPercent: median(rounds.map((round) => round.waitedPercent)),
    p50C1Us: single.length > 0 ? median(single) : undefined,
    p50Us: median(rounds.map((round) => round.p50Us)),
    p99Us: median(rounds.map((round) => round.p99Us)),
    rssMb: readRssKb(leg.system.pid) / 1024,
  }
}
