import { ParleyError } from '@parley/contract'
import { recordOf, type Activity, type Happening } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Store, Unit } from '../store/index.ts'

export interface ChangeTools {
  readonly store: Store
  readonly activity: Pick<Activity, 'statement'>
  readonly clock: Clock
  readonly newId: NewId
}

/** Changes of the directory: each is one unit with its activity records, acknowledged once all are on disk. */
export class AgentChanges {
  readonly #tools: ChangeTools

  constructor(tools: ChangeTools) {
    this.#tools = tools
  }

  /** Throws `conflict`, in the words given, when a condition of the unit does not hold. */
  async commit(
    unit: Unit,
    happening: Happening | readonly Happening[],
    conflict = 'Someone changed this at the same moment.',
  ): Promise<void> {
    const records = [happening]
      .flat()
      .map((one) => this.#tools.activity.statement(recordOf(this.#tools, one)))
    const result = await this.#tools.store.submit([...unit, ...records])
    if (result.kind === 'conflict') throw new ParleyError('conflict', conflict)
  }
}
