import { ParleyError } from '@parley/contract'
import { recordOf, type Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Revocation, Revocations } from '../revocations/index.ts'
import type { Store, Unit } from '../store/index.ts'
import type { Directory } from './directory.ts'
import type { Actor, Person } from './people.ts'

export interface Change {
  /** `person.invite`, `session.start`. */
  readonly action: string
  readonly by: Actor
  readonly note: string
  readonly unit: Unit
  /** What ends with it, also for tokens. */
  readonly ends?: readonly Omit<Revocation, 'at'>[]
  /** Whether anyone's name, roles, groups or state changes. */
  readonly touchesPeople?: boolean
}

/** Changes of accounts: each is one unit with its activity record and what it cuts off. */
export class Changes {
  readonly #tools: {
    readonly store: Store
    readonly activity: Activity
    readonly clock: Clock
    readonly newId: NewId
    readonly directory: Directory
    readonly revocations: Pick<Revocations, 'statement' | 'announce'>
  }

  constructor(tools: {
    readonly store: Store
    readonly activity: Activity
    readonly clock: Clock
    readonly newId: NewId
    readonly directory: Directory
    readonly revocations: Pick<Revocations, 'statement' | 'announce'>
  }) {
    this.#tools = tools
  }

  /** False when a condition of the unit did not hold: then nothing of it took effect. */
  async attempt(change: Change): Promise<boolean> {
    const { store, directory, revocations, clock } = this.#tools
    const at = Math.floor(clock.now() / 1000)
    const ended = (change.ends ?? []).map((end) => ({ ...end, at }))
    const result = await store.submit([
      ...change.unit,
      ...ended.map((revocation) => revocations.statement(revocation)),
      ...(change.touchesPeople ? [directory.countChange()] : []),
      this.#record(change),
    ])
    if (result.kind === 'conflict') return false
    if (change.touchesPeople) directory.changed()
    if (ended.length > 0) revocations.announce(ended)
    return true
  }

  /** Throws `conflict`, in the words given, where `attempt` would answer false. */
  async commit(change: Change, conflict: string): Promise<void> {
    if (!(await this.attempt(change))) throw new ParleyError('conflict', conflict)
  }

  /** What was refused changes nothing and is recorded all the same. */
  refuse(action: string, person: Person | undefined, note: string): void {
    const record = this.#recordOf({ action, by: person ? self(person) : NOBODY, note }, 'unauthenticated')
    void this.#tools.activity.record(record)
  }

  #record(change: Change) {
    return this.#tools.activity.statement(this.#recordOf(change, 'ok'))
  }

  #recordOf(change: Pick<Change, 'action' | 'by' | 'note'>, result: 'ok' | 'unauthenticated') {
    const { subject, chain, person } = change.by
    return recordOf(this.#tools, {
      action: change.action,
      subject,
      chain,
      ...(person === undefined ? {} : { person }),
      decision: result === 'ok' ? 'allow' : 'deny',
      policies: ['builtin:people'],
      peopleVersion: this.#tools.directory.version,
      result,
      note: change.note,
    })
  }
}

/** A person who acts for themselves. */
export function self(person: Pick<Person, 'id'>): Actor {
  return { subject: person.id, person: person.id, chain: [{ kind: 'person', id: person.id }] }
}

/** Whoever holds a link, or typed an address that is not known. */
export const NOBODY: Actor = Object.freeze({ subject: 'nobody', chain: [] })
