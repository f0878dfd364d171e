import { ParleyError } from '@parley/contract'
import type { ActivityRecord } from '@parley/contract'
import { recordOf, type Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Revocation, Revocations } from '../revocations/index.ts'
import type { Store, Unit } from '../store/index.ts'

/** What happened, for its activity record: `action` and `subject` (who did it), and what people read of it. */
export type Happening = Pick<ActivityRecord, 'action' | 'subject'> &
  Partial<Pick<ActivityRecord, 'app' | 'chain' | 'face' | 'note' | 'policies'>>

export interface ChangeTools {
  readonly store: Store
  readonly activity: Pick<Activity, 'statement'>
  readonly clock: Clock
  readonly newId: NewId
  readonly revocations: Pick<Revocations, 'statement' | 'announce'>
}

/** Changes of clients: each is one unit with its activity record and what it cuts off, acknowledged once all are on disk. */
export class ClientChanges {
  readonly #tools: ChangeTools

  readonly #onChanged: () => void

  /** `onChanged` is called once a unit is on disk, before anybody is told. */
  constructor(tools: ChangeTools, onChanged: () => void) {
    this.#tools = tools
    this.#onChanged = onChanged
  }

  /** False when a condition of the unit did not hold; then nothing has changed. */
  async submit(
    unit: Unit,
    happening: Happening,
    cutOff: readonly Pick<Revocation, 'kind' | 'id'>[] = [],
  ): Promise<boolean> {
    const { activity, clock, revocations, store } = this.#tools
    const at = clock.now()
    const record = activity.statement(recordOf(this.#tools, happening))
    const ends = cutOff.map((one) => ({ ...one, at: Math.floor(at / 1000) }))
    const statements = ends.map((revocation) => revocations.statement(revocation))
    const result = await store.submit([...unit, ...statements, record])
    this.#onChanged()
    if (result.kind === 'conflict') return false
    if (ends.length > 0) revocations.announce(ends)
    return true
  }

  /** As `submit`, but throws `conflict` in the words given. */
  async commit(
    unit: Unit,
    happening: Happening,
    options: { conflict?: string; cutOff?: readonly Pick<Revocation, 'kind' | 'id'>[] } = {},
  ): Promise<void> {
    if (await this.submit(unit, happening, options.cutOff)) return
    throw new ParleyError('conflict', options.conflict ?? 'Someone changed this at the same moment.')
  }
}
