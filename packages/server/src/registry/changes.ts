import { ParleyError } from '@parley/contract'
import type { Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Store, Unit } from '../store/index.ts'

/** Changes of the registry: each is one unit with its activity record, acknowledged once both are on disk. */
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

  /** `what` is action, actor and a note for people, and what to say when someone else was faster. */
  async commit(
    unit: Unit,
    what: { action: string; actor: string; note: string; conflict?: string },
  ): Promise<void> {
    const { activity, store, clock, newId } = this.#tools
    const record = activity.statement({
      at: clock.now(),
      face: 'hub',
      action: what.action,
      requestId: newId('request'),
      subject: what.actor,
      chain: [],
      decision: 'allow',
      policies: ['builtin:administrator'],
      policyVersion: 1,
      catalogVersion: this.#catalogVersion(),
      peopleVersion: 0,
      result: 'ok',
      latencyMicros: 0,
      note: what.note,
    })
    const result = await store.submit([...unit, record])
    if (result.kind === 'conflict')
      throw new ParleyError('conflict', what.conflict ?? 'Someone changed this at the same moment.')
  }
}
