import { ParleyError } from '@parley/contract'
import { recordOf, type Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Store, Unit } from '../store/index.ts'
import type { Happening } from './definition-records.ts'

/** Changes of the registry: each is one unit with its activity records, acknowledged once all are on disk. */
export class Changes {
  readonly #tools: { store: Store; activity: Activity; clock: Clock; newId: NewId }
  readonly #catalogVersion: () => number

  constructor(
    tools: { store: Store; activity: Activity; clock: Clock; newId: NewId },
    catalogVersion: () => number,
  ) {
    this.#tools = tools
    this.#catalogVersion = catalogVersion
  }

  /** Throws `conflict`, in the words given, when someone else was faster. */
  async commit(
    unit: Unit,
    happenings: readonly Happening[],
    conflict = 'Someone changed this at the same moment.',
  ): Promise<void> {
    const { activity, store } = this.#tools
    const records = happenings.map((happening) =>
      activity.statement(recordOf(this.#tools, { catalogVersion: this.#catalogVersion(), ...happening })),
    )
    const result = await store.submit([...unit, ...records])
    if (result.kind === 'conflict') throw new ParleyError('conflict', conflict)
  }
}
