import type { Cores, Leg, System } from '../systems/system.ts'
import type { Figures } from './alternate.ts'

/** How a run was asked for. */
export interface Settings {
  readonly cores: Cores
  readonly rounds: number
  readonly seconds: number
  /** Of one owner, in the list of tasks. */
  readonly tasks: number
  /** The file that starts the hub from source. */
  readonly hubEntry: string
  /** The file that starts the built hub. */
  readonly builtEntry: string
  readonly peers: boolean
}

/** What one group of measurements found; `skipped` says what was left out, and why. */
export interface Group {
  readonly title: string
  readonly figures: readonly Figures[]
  /** Single numbers that are not a leg's, by name; the unit is in the name. */
  readonly numbers: Readonly<Record<string, number>>
  readonly skipped: readonly string[]
}

/** The names by which targets find legs again. */
export const LEG = {
  plain: 'plain node:http + undici proxy',
  nginx: 'nginx, 1 worker',
  direct: 'direct',
  hub: 'Parley /mcp/servers/cheap',
  hubToken: 'Parley with a token, /mcp/servers/cheap',
  hubMerged: 'Parley /mcp (merged)',
  hubLegacy: 'Parley, 2025-11-25 client and upstream',
  hubStdio: 'Parley, stdio upstream',
} as const

/** The same for A2A. */
export const A2A_LEG = {
  sdkMessage: 'SDK agent, SendMessage to a message',
  hubMessage: 'Parley, SendMessage to a message',
  sdkTask: 'SDK agent, SendMessage to a task',
  hubTask: 'Parley, SendMessage to a task, kept',
  sdkGet: 'SDK agent, GetTask',
  hubGet: 'Parley, GetTask',
  sdkStreams: 'SDK agent, streams of 200 chunks',
  directStreams: 'plain agent, streams of 200 chunks',
  hubStreams: 'Parley, streams of 200 chunks, kept',
} as const

export function leg(name: string, system: System, request: Leg['request']): Leg {
  return { name, system, request }
}
