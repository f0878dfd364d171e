import type { Rig, RigOptions } from './rig.ts'

/** One requirement tried from outside. It fails by throwing; what it must also leave untouched, the runner checks. */
export interface FaultCase {
  /** The requirement's id: `P4`, `D9`, `R15`. */
  readonly requirement: string
  /** Other items of the list that it proves as well. */
  readonly also?: readonly string[]
  readonly name: string
  /** Only with `--full`: too long for every push. */
  readonly isLong?: boolean
  /** What the product still lacks. The case may then fail; once it passes, the mark has to go. */
  readonly gap?: string
  run(rig: Rig): Promise<void>
}

/** Cases that share one running hub. */
export interface FaultGroup {
  readonly name: string
  readonly rig?: RigOptions
  /** Runs in network and mount namespaces of its own, where it may own any address and mount any disk. */
  readonly needsNamespace?: boolean
  /** Compares times: nothing else runs beside it. */
  readonly runsAlone?: boolean
  readonly cases: readonly FaultCase[]
}

export type Result = 'passed' | 'failed' | 'gap' | 'not run'

/** What became of one case. */
export interface Outcome {
  readonly items: readonly string[]
  readonly group: string
  readonly name: string
  readonly result: Result
  /** Why it was not run, or what is lacking. */
  readonly reason?: string
}

export function outcomeOf(group: FaultGroup, fault: FaultCase, result: Result, reason?: string): Outcome {
  const items = [fault.requirement, ...(fault.also ?? [])]
  return { items, group: group.name, name: fault.name, result, ...(reason === undefined ? {} : { reason }) }
}

/** The same case once for each value, named after it. */
export function forEach<value>(values: readonly value[], make: (value: value) => FaultCase): FaultCase[] {
  return values.map(make)
}
