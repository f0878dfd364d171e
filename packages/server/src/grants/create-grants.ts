import type { Grant, GrantId } from '@parley/contract'
import type { Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Statement, Store } from '../store/index.ts'
import { narrowAudiences } from './audiences.ts'
import type { CallLimits } from './call-limits.ts'
import { GrantBook, type HeldGrant } from './grant-book.ts'
import { GrantChanges } from './grant-changes.ts'
import { readActiveGrants, readGrant, readGrants } from './grant-store.ts'
import type { GrantFilter, Grants, LimitReached } from './grants.ts'

export interface GrantTools {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
  /** How long a grant that has ended is kept, for whoever asks what it was. */
  readonly keepEndedMs: number
  /** What must be written with the end of a grant, and told once that is on disk. */
  readonly revocation: {
    statement(id: GrantId): Statement
    announce(ids: readonly GrantId[]): void
  }
}

/** Reads the active grants into memory; see `Grants`. */
export function createGrants(tools: GrantTools): Grants {
  const { store } = tools
  const book = new GrantBook(tools)
  for (const grant of readActiveGrants(store, tools.clock.now())) book.keep(grant)
  const changes = new GrantChanges(tools, book)
  return {
    get version() {
      return book.version
    },
    create: (grant, by, along) => changes.create(grant, by, along),
    changeTerms: (id, terms, by, along) => changes.changeTerms(id, terms, by, along),
    revoke: (id, by) => changes.revoke(id, by),
    find: (id) => book.find(id)?.grant ?? readGrant(store, id)?.grant,
    list: (filter) => {
      const all = filter.includeRevoked ? readGrants(store) : book.list(filter.parent)
      return all.filter((grant) => isWanted(grant, filter))
    },
    audiencesOf(id) {
      const [own, ...parents] = book.lineage(id).map(({ grant }) => grant)
      const isWhole = own && (parents.at(-1) ?? own).parent === null
      return isWhole
        ? narrowAudiences(
            own.terms.audiences,
            parents.map(({ terms }) => terms.audiences),
          )
        : {}
    },
    lineage: (id) => book.lineage(id).map(({ grant }) => grant),
    entitlementsOf: (holder) => book.entitlementsOf(holder),
    covers: (id, capability, args) => book.covers(id, capability, args),
    take: (id, args) => takeFrom(book.lineage(id), args),
  }
}

function isWanted(grant: Grant, { person, holder, parent }: GrantFilter): boolean {
  if (person !== undefined && grant.person !== person) return false
  if (parent !== undefined && grant.parent !== parent) return false
  return holder === undefined || grant.holder.id === holder.id
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
