import type { CapabilityName, Grant, GrantHolder, GrantId } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/index.ts'
import { CallLimits } from './call-limits.ts'
import { compileTerms, type CompiledTerms } from './compile-terms.ts'
import type { Coverage } from './grants.ts'

/** So many grants may be in memory before those that have expired are looked for. */
const MIN_SWEEP = 1000

/** A grant in memory. */
export interface HeldGrant {
  readonly grant: Grant
  readonly terms: CompiledTerms
  readonly limits: CallLimits
}

const COVERED: Coverage = Object.freeze({ kind: 'covered' })

/** The active grants, as calls ask for them: what is not here has ended. */
export class GrantBook {
  readonly #tools: { readonly store: Store; readonly clock: Clock }
  readonly #held = new Map<GrantId, HeldGrant>()
  readonly #children = new Map<GrantId, Set<GrantId>>()
  /** By their holder: an id says of what kind it is. */
  readonly #entitlements = new Map<GrantHolder['id'], readonly Grant[]>()
  #sweepAt = MIN_SWEEP
  version = 1

  constructor(tools: { readonly store: Store; readonly clock: Clock }) {
    this.#tools = tools
  }

  find(id: GrantId): HeldGrant | undefined {
    return this.#held.get(id)
  }

  /** All that have not expired, or those that are part of one. */
  list(parent: GrantId | undefined): Grant[] {
    const all = parent === undefined ? this.#held.keys() : (this.#children.get(parent) ?? [])
    const now = this.#tools.clock.now()
    return Array.from(all, (id) => this.#held.get(id)!.grant).filter((grant) => !hasExpired(grant, now))
  }

  entitlementsOf(holder: GrantHolder): readonly Grant[] {
    return this.#entitlements.get(holder.id) ?? []
  }

  /** Takes a new grant, or the changed terms of one. */
  keep(grant: Grant): void {
    const { limits } = this.#held.get(grant.id) ?? {}
    if (limits) limits.change(grant.terms.limits)
    this.#held.set(grant.id, {
      grant,
      terms: compileTerms(grant.terms),
      limits: limits ?? new CallLimits(this.#tools, grant),
    })
    if (grant.kind === 'entitlement') this.#listEntitlement(grant, [grant])
    if (grant.parent !== null) this.#listChild(grant.parent, grant.id)
    this.version += 1
    if (this.#held.size >= this.#sweepAt) this.#forgetExpired()
  }

  drop(id: GrantId): void {
    const grant = this.#held.get(id)?.grant
    if (!grant) return
    this.#held.delete(id)
    if (grant.kind === 'entitlement') this.#listEntitlement(grant, [])
    if (grant.parent !== null) this.#unlistChild(grant.parent, id)
    this.version += 1
  }

  /** The grant and its parents, outermost last. */
  lineage(id: GrantId): HeldGrant[] {
    const links: HeldGrant[] = []
    let at: GrantId | null = id
    while (at !== null) {
      const link = this.#held.get(at)
      if (!link) break
      links.push(link)
      at = link.grant.parent
    }
    return links
  }

  covers(id: GrantId, capability: CapabilityName, args?: () => unknown): Coverage {
    const now = this.#tools.clock.now()
    let at: GrantId | null = id
    while (at !== null) {
      const link = this.#held.get(at)
      if (!link) return { kind: 'not-covered', because: 'revoked', grant: at }
      if (hasExpired(link.grant, now)) return { kind: 'not-covered', because: 'expired', grant: at }
      const match = link.terms.match(capability, args)
      if (match !== 'yes')
        return { kind: 'not-covered', because: match === 'no' ? 'capability' : 'arguments', grant: at }
      at = link.grant.parent
    }
    return COVERED
  }

  /** Whenever there are twice as many as were left the last time: a grant costs the same however many there are. */
  #forgetExpired(): void {
    const now = this.#tools.clock.now()
    for (const { grant } of this.#held.values()) if (hasExpired(grant, now)) this.drop(grant.id)
    this.#sweepAt = Math.max(MIN_SWEEP, this.#held.size * 2)
  }

  #listChild(parent: GrantId, id: GrantId): void {
    const children = this.#children.get(parent) ?? new Set()
    this.#children.set(parent, children.add(id))
  }

  #unlistChild(parent: GrantId, id: GrantId): void {
    const children = this.#children.get(parent)
    children?.delete(id)
    if (children?.size === 0) this.#children.delete(parent)
  }

  #listEntitlement(grant: Grant, instead: readonly Grant[]): void {
    const key = grant.holder.id
    const others = (this.#entitlements.get(key) ?? []).filter(({ id }) => id !== grant.id)
    const grants = [...others, ...instead]
    if (grants.length === 0) this.#entitlements.delete(key)
    else this.#entitlements.set(key, grants)
  }
}

function hasExpired({ terms }: Grant, now: number): boolean {
  return terms.expiresAt !== null && terms.expiresAt <= now
}
