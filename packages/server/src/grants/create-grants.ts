import {
  ParleyError,
  grantTerms,
  type ActivityRecord,
  type Grant,
  type GrantId,
  type GrantTerms,
} from '@parley/contract'
import type { Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Statement, Store } from '../store/index.ts'
import type { CallLimits } from './call-limits.ts'
import { findExcess } from './find-excess.ts'
import { GrantBook, holderKey, type HeldGrant } from './grant-book.ts'
import {
  insertGrant,
  readActiveGrants,
  readGrant,
  readActiveBelow,
  readGrants,
  revokeAll,
  updateTerms,
} from './grant-store.ts'
import type { Actor, GrantFilter, Grants, LimitReached, NewGrant } from './grants.ts'

export interface GrantTools {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
  /** What must be written with the end of a grant, and told once that is on disk. */
  readonly revocation: {
    statement(id: GrantId): Statement
    announce(ids: readonly GrantId[]): void
  }
}

/** A person's own grant, and seven delegations of it. */
const MAX_LINEAGE = 8
/** How often the end of a grant is written anew because something was delegated meanwhile. */
const MAX_ATTEMPTS = 10

/** Reads the active grants into memory; see `Grants`. */
export function createGrants(tools: GrantTools): Grants {
  const { store } = tools
  const book = new GrantBook(tools)
  for (const grant of readActiveGrants(store)) book.keep(grant)
  const changes = new GrantChanges(tools, book)
  return {
    get version() {
      return book.version
    },
    create: (grant, by) => changes.create(grant, by),
    changeTerms: (id, terms, by) => changes.changeTerms(id, terms, by),
    revoke: (id, by) => changes.revoke(id, by),
    find: (id) => book.find(id)?.grant ?? readGrant(store, id)?.grant,
    list: (filter) =>
      (filter.includeRevoked ? readGrants(store) : book.all()).filter((grant) => isWanted(grant, filter)),
    lineage: (id) => book.lineage(id).map(({ grant }) => grant),
    entitlementsOf: (holder) => book.entitlementsOf(holder),
    covers: (id, capability, args) => book.covers(id, capability, args),
    take: (id, args) => takeFrom(book.lineage(id), args),
  }
}

/** Each change is one unit with its activity record; memory follows once it is on disk. */
class GrantChanges {
  readonly #tools: GrantTools
  readonly #book: GrantBook

  constructor(tools: GrantTools, book: GrantBook) {
    this.#tools = tools
    this.#book = book
  }

  async create(wanted: NewGrant, by: Actor): Promise<Grant> {
    const terms = checkTerms(wanted.terms)
    const parent = wanted.parent === null ? undefined : this.#active(wanted.parent)
    if (parent) checkNarrower(terms, parent)
    if (parent && this.#book.lineage(parent.id).length >= MAX_LINEAGE)
      throw new ParleyError('invalid_params', `A grant is passed on ${MAX_LINEAGE - 1} times at most.`)
    const grant: Grant = Object.freeze({
      ...wanted,
      terms,
      id: this.#tools.newId('grant'),
      state: 'active',
      version: 1,
      createdAt: this.#tools.clock.now(),
      createdBy: by,
      revokedAt: null,
    })
    await this.#commit([insertGrant(grant, parent?.version)], this.#record('grant.create', grant, by))
    return this.#settle(grant.id)
  }

  async changeTerms(id: GrantId, wanted: GrantTerms, by: Actor): Promise<Grant> {
    const grant = this.#active(id)
    const terms = checkTerms(wanted)
    if (grant.parent !== null) checkNarrower(terms, this.#active(grant.parent))
    const changed = Object.freeze({ ...grant, terms, version: grant.version + 1 })
    await this.#commit([updateTerms(id, terms, grant.version)], this.#record('grant.change', changed, by))
    return this.#settle(id)
  }

  async revoke(id: GrantId, by: Actor): Promise<readonly GrantId[]> {
    const { store, activity, clock, revocation } = this.#tools
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const grant = readGrant(store, id)?.grant
      if (!grant) throw new ParleyError('not_found', 'There is no such grant.')
      if (grant.state === 'revoked') return []
      const known = readActiveBelow(store, id)
      const result = await store.submit([
        revokeAll(id, known, clock.now()),
        ...known.map((each) => revocation.statement(each)),
        activity.statement(this.#record('grant.revoke', grant, by)),
      ])
      if (result.kind === 'conflict') continue
      const returned = new Set(result.rows[0]?.map((row) => row['id']))
      const ended = known.filter((each) => returned.has(each))
      for (const each of ended) this.#book.drop(each)
      revocation.announce(ended)
      return ended
    }
    throw new ParleyError('conflict', 'The grant is being passed on too fast to be ended; try again.')
  }

  #active(id: GrantId): Grant {
    const grant = this.#book.find(id)?.grant ?? readGrant(this.#tools.store, id)?.grant
    if (grant?.state === 'active') return grant
    if (grant) throw new ParleyError('conflict', 'The grant has ended.')
    throw new ParleyError('not_found', 'There is no such grant.')
  }

  /** Memory takes what is on disk now: another change may have been told of before this one. */
  #settle(id: GrantId): Grant {
    const { store } = this.#tools
    const grant = readGrant(store, id)?.grant
    if (grant?.state !== 'active') throw new ParleyError('conflict', 'The grant has ended.')
    this.#book.keep(grant)
    return grant
  }

  async #commit(statements: readonly Statement[], record: ActivityRecord): Promise<void> {
    const { store, activity } = this.#tools
    const result = await store.submit([...statements, activity.statement(record)])
    if (result.kind === 'conflict')
      throw new ParleyError('conflict', 'The grant was changed at the same moment.')
  }

  #record(action: string, grant: Grant, by: Actor): ActivityRecord {
    const { holder, person, kind, terms } = grant
    return {
      at: this.#tools.clock.now(),
      face: 'hub',
      action,
      requestId: this.#tools.newId('request'),
      subject: by,
      chain: [],
      grant: grant.id,
      ...(person === null ? {} : { person }),
      decision: 'allow',
      policies: ['builtin:narrowing'],
      policyVersion: 1,
      catalogVersion: 0,
      peopleVersion: this.#book.version,
      result: 'ok',
      latencyMicros: 0,
      note: `${kind} of ${holder.kind} ${holder.id}: ${terms.capabilities
        .map((rule) => rule.capability)
        .join(', ')
        .slice(0, 500)}`,
    }
  }
}

/** Each grant of the lineage has its own limits, and a call counts against them all. */
function takeFrom(
  links: readonly HeldGrant[],
  args: () => unknown,
): LimitReached | undefined | Promise<LimitReached | undefined> {
  for (const [index, { limits }] of links.entries()) {
    const taken = limits.take(args)
    if (taken instanceof Promise) return takeRest(taken, links.slice(index + 1), args)
    if (taken) return taken
  }
  return undefined
}

async function takeRest(
  first: ReturnType<CallLimits['take']>,
  rest: readonly HeldGrant[],
  args: () => unknown,
): Promise<LimitReached | undefined> {
  const reached = await first
  if (reached) return reached
  for (const { limits } of rest) {
    const taken = await limits.take(args)
    if (taken) return taken
  }
  return undefined
}

function checkNarrower(terms: GrantTerms, parent: Grant): void {
  const excess = findExcess(terms, parent.terms)
  if (excess)
    throw new ParleyError('invalid_params', `The grant would be wider than the one it is part of: ${excess}.`)
}

function checkTerms(terms: GrantTerms): GrantTerms {
  const checked = grantTerms.safeParse(terms)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  throw new ParleyError(
    'invalid_params',
    `The terms are not valid: ${issue?.path.join('.')} ${issue?.message}.`,
  )
}

function isWanted(grant: Grant, { person, holder, parent }: GrantFilter): boolean {
  if (person !== undefined && grant.person !== person) return false
  if (parent !== undefined && grant.parent !== parent) return false
  return holder === undefined || holderKey(grant.holder) === holderKey(holder)
}
