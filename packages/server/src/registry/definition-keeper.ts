import type { Clock } from '../lib/clock.ts'
import type { Statement } from '../store/index.ts'
import type { CatalogChange } from './catalog.ts'
import type { Changes } from './changes.ts'
import type { SoundDefinition } from './check-definition.ts'
import { describeVerdicts } from './definition-records.ts'
import { judgeDefinitions, type Judging, type Verdict } from './judge-definitions.ts'
import type { ManagedServer } from './managed-server.ts'
import { definitionKey, type Reading } from './read-upstream.ts'
import type { RegistryStore } from './registry-store.ts'
import { approveDefinitions, type ApprovedItem } from './review-definitions.ts'
import { SightingQueue } from './sighting-queue.ts'
import { Turns } from '../lib/turns.ts'

export interface KeeperOptions {
  readonly server: ManagedServer
  readonly rows: RegistryStore
  readonly changes: Changes
  readonly clock: Clock
  readonly approvedNames: Judging['approvedNames']
  /** What callers can see has changed. */
  readonly onChange: (what: Omit<CatalogChange, 'server'>) => void
  /** Something was seen that only a reading of the hub's own can settle. */
  readonly onDoubt: () => void
  readonly onError: (error: unknown) => void
}

/**
 * Brings what one server offers into the store and from there before callers. Readings, sightings and approvals take
 * turns, so each is judged against the outcome of the one before. What callers were shown while a turn was on its way
 * to the disk stays hidden after it: only a later turn can show it again.
 */
export class DefinitionKeeper {
  readonly #options: KeeperOptions
  readonly #turns = new Turns()
  readonly #sightings: SightingQueue
  #isEnded = false

  constructor(options: KeeperOptions) {
    this.#options = options
    const { clock, onError } = options
    this.#sightings = new SightingQueue({
      clock,
      take: (seen) => this.#turns.run(() => this.#storeSightings(seen)),
      onError,
    })
  }

  /** A caller's list showed this, and it is not what is stored. */
  sight(definition: SoundDefinition): void {
    const known = this.#options.server.rows.get(definitionKey(definition.kind, definition.name))
    // What was approved is back: the hub's own reading decides, not what one caller was shown.
    if (known?.approvedHash === definition.hash && !known.gone) this.#options.onDoubt()
    else this.#sightings.add(definition)
  }

  takeReading(reading: Reading, startedMicros: number): Promise<void> {
    return this.#turns.run(() => this.#storeReading(reading, startedMicros))
  }

  /** Throws `conflict` when one of them is not what was seen any more. */
  approve(items: readonly ApprovedItem[], actor: string): Promise<void> {
    return this.#turns.run(() => this.#storeApproval(items, actor))
  }

  /** Runs the work that takes the server away; when it succeeds nothing is stored of the server any more. */
  end(work: () => Promise<void>): Promise<void> {
    return this.#turns.run(async () => {
      await work()
      this.#isEnded = true
    })
  }

  /** Stores what was seen and waits. */
  close(): Promise<void> {
    return this.#sightings.close()
  }

  /** Takes the stored state into memory, and tells what callers can see of the difference. */
  adopt(resources?: Reading['resources']): void {
    const { server, rows, onChange } = this.#options
    const before = server.catalog
    server.refresh(rows.definitions(server.id), resources)
    const after = server.catalog
    onChange({
      tools: !sameHashes(before.tools, after.tools),
      prompts: !sameHashes(before.prompts, after.prompts),
      resources:
        !sameHashes(before.templates, after.templates) ||
        (before.resources !== after.resources &&
          JSON.stringify([...before.resources]) !== JSON.stringify([...after.resources])),
    })
  }

  /**
   * What callers were shown before the reading began is stored first, so that the newer word is the last; what they
   * were shown since stays held back, and the server is read once more.
   */
  async #storeReading(reading: Reading, startedMicros: number): Promise<void> {
    await this.#storeSightings(this.#sightings.takeBefore(startedMicros))
    if (this.#isEnded) return
    const { server, rows, changes, onDoubt } = this.#options
    const isFirst = server.row.state === 'approved' && !server.row.pinned
    const judged = this.#judge(reading.definitions, isFirst ? 'first' : 'all')
    const verdicts = judged.filter((verdict) => !this.#isOutdated(verdict, startedMicros))
    if (verdicts.length < judged.length) onDoubt()
    server.suspect(verdicts.filter(hides).map(keyOf))
    const unit = verdicts.flatMap((verdict) => this.#statementsOf(verdict))
    if (isFirst) unit.unshift(rows.pin(server.id))
    if (unit.length > 0) await changes.commit(unit, describeVerdicts(server.name, verdicts))
    if (isFirst) server.row = { ...server.row, pinned: true }
    this.#settle(server.suspects(), startedMicros)
    this.adopt(reading.resources)
  }

  #isOutdated(verdict: Verdict, startedMicros: number): boolean {
    const isBack = verdict.kind === 'save' && verdict.change === 'returned'
    return isBack && this.#sightings.wasSeenSince(keyOf(verdict), startedMicros)
  }

  async #storeSightings(seen: readonly SoundDefinition[]): Promise<void> {
    const { server, changes, clock } = this.#options
    const startedMicros = clock.monotonicMicros()
    const verdicts = this.#isEnded ? [] : this.#judge(seen, 'some')
    if (verdicts.length === 0) return
    const unit = verdicts.flatMap((verdict) => this.#statementsOf(verdict))
    await changes.commit(unit, describeVerdicts(server.name, verdicts))
    this.#settle(verdicts.map(keyOf), startedMicros)
    this.adopt()
  }

  /** What waits to be stored is stored first: it may be what the reviewer has not seen. */
  async #storeApproval(items: readonly ApprovedItem[], actor: string): Promise<void> {
    const { server, rows, changes, clock } = this.#options
    const startedMicros = clock.monotonicMicros()
    await this.#storeSightings(this.#sightings.takeBefore(startedMicros))
    const { unit, happenings } = approveDefinitions(rows, server, { items, actor })
    const conflict = 'A definition has changed again since you saw it. Look at it once more.'
    await changes.commit(unit, happenings, conflict)
    if (server.row.state === 'pending') server.row = { ...server.row, state: 'approved', pinned: true }
    this.#settle(
      items.map((item) => definitionKey(item.kind, item.name)),
      startedMicros,
    )
    this.adopt()
  }

  /** The store has the last word on these, unless a caller was shown something else since the turn began. */
  #settle(keys: readonly string[], startedMicros: number): void {
    this.#options.server.settle(keys.filter((key) => !this.#sightings.wasSeenSince(key, startedMicros)))
  }

  #judge(offered: readonly SoundDefinition[], scope: Judging['scope']): Verdict[] {
    const { server, approvedNames, clock } = this.#options
    return judgeDefinitions({
      server: server.name,
      rows: server.rows,
      offered,
      scope,
      approvedNames,
      now: clock.now(),
      holdsHidden: server.content.hidden === 'flag',
    })
  }

  #statementsOf(verdict: Verdict): Statement[] {
    const { server, rows, clock } = this.#options
    const at = clock.now()
    if (verdict.kind === 'gone') return [rows.markGone(server.id, verdict.row, at)]
    if (verdict.kind === 'forget') return rows.forget(server.id, verdict.row)
    const approve = verdict.change === 'approved'
    return rows.saveDefinition(server.id, verdict.definition, { at, approve, reason: verdict.reason })
  }
}

function keyOf(verdict: Verdict): string {
  const { kind, name } = verdict.kind === 'save' ? verdict.definition : verdict.row
  return definitionKey(kind, name)
}

/** Whether callers must stop seeing it before the store has it. */
function hides(verdict: Verdict): boolean {
  return verdict.kind !== 'save' || verdict.change === 'changed'
}

function sameHashes(
  before: ReadonlyMap<string, { readonly hash: string }>,
  after: ReadonlyMap<string, { readonly hash: string }>,
): boolean {
  if (before.size !== after.size) return false
  for (const [name, { hash }] of before) if (after.get(name)?.hash !== hash) return false
  return true
}
