import type { Rig, RigOptions } from './rig.ts'

/** One requirement tried from outside. It fails by throwing; what it must also leave untouched, the runner checks. */
export interface FaultCase {
  /** The requirement's id: `P4`, `D9`, `R15`. */
  readonly requirement: string
  readonly name: string
  /** Only with `--full`: too long for every push. */
  readonly isLong?: boolean
  run(rig: Rig): Promise<void>
}

/** Cases that share one running hub. */
export interface FaultGroup {
  readonly name: string
  readonly rig?: RigOptions
  /** Runs in network and mount namespaces of its own, where it may own any address and mount any disk. */
  readonly needsNamespace?: boolean
  readonly cases: readonly FaultCase[]
}

/** The same case once for each value, named after it. */
export function forEach<value>(values: readonly value[], make: (value: value) => FaultCase): FaultCase[] {
  return values.map(make)
}
