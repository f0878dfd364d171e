import {
  ParleyError,
  grantTerms,
  type ActivityRecord,
  type Grant,
  type GrantId,
  type GrantTerms,
} from '@parley/contract'
import { recordOf } from '../activity/index.ts'
import type { Statement } from '../store/index.ts'
import type { GrantTools } from './create-grants.ts'
import { findExcess } from './find-excess.ts'
import type { GrantBook } from './grant-book.ts'
import {
  forgetEnded,
  insertGrant,
  readActiveBelow,
  readGrant,
  revokeAll,
  updateTerms,
} from './grant-store.ts'
import type { Actor, NewGrant } from './grants.ts'

/** A person's own grant, and seven delegations of it. */
const MAX_LINEAGE = 8
/** How often the end of a grant is written anew because something was delegated meanwhile. */
const MAX_ATTEMPTS = 10

/** Each change is one unit with its activity record; memory follows once it is on disk. */
export class GrantChanges {
  readonly #tools: GrantTools
  readonly #book: GrantBook

  constructor(tools: GrantTools, book: GrantBook) {
    this.#tools = tools
    this.#book = book
  }

  async create(
    wanted: NewGrant,
    by: Actor,
    along: (id: GrantId) => readonly Statement[] = () => [],
  ): Promise<Grant> {
    const terms = checkTerms(wanted.terms)
    const parent = wanted.parent === null ? undefined : this.#active(wanted.parent)
    checkPlace(wanted, parent)
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
    const { clock, keepEndedMs } = this.#tools
    const forget = forgetEnded(clock.now() - keepEndedMs)
    const unit = [insertGrant(grant, parent?.version), forget, ...along(grant.id)]
    await this.#commit(unit, this.#record('grant.create', grant, by))
    return this.#settle(grant.id)
  }

  async changeTerms(
    id: GrantId,
    wanted: GrantTerms,
    by: Actor,
    along: readonly Statement[] = [],
  ): Promise<Grant> {
    const grant = this.#active(id)
    const terms = checkTerms(wanted)
    if (grant.parent !== null) checkNarrower(terms, this.#active(grant.parent))
    const changed = Object.freeze({ ...grant, terms, version: grant.version + 1 })
    const update = updateTerms(id, terms, grant.version)
    await this.#commit([update, ...along], this.#record('grant.change', changed, by))
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
    return recordOf(this.#tools, {
      action,
      subject: by,
      grant: grant.id,
      ...(person === null ? {} : { person }),
      policies: ['builtin:narrowing'],
      peopleVersion: this.#book.version,
      note: `${kind} of ${holder.kind} ${holder.id}: ${terms.capabilities
        .map((rule) => rule.capability)
        .join(', ')
        .slice(0, 500)}`,
    })
  }
}

/** What is passed on is used in the name of whoever stands behind it already. */
function checkPlace({ kind, person }: NewGrant, parent: Grant | undefined): void {
  if ((kind === 'delegation') !== (parent !== undefined))
    throw new ParleyError('invalid_params', 'A delegation, and nothing else, is part of another grant.')
  if (!parent || person === parent.person) return
  if (parent.person === null && parent.holder.kind === 'person' && person === parent.holder.id) return
  throw new ParleyError('invalid_params', 'A grant is passed on in the name of the same person.')
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
