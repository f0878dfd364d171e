import type { CapabilityName, Grant, GrantHolder, GrantId } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/index.ts'
import { CallLimits } from './call-limits.ts'
import { compileTerms, type CompiledTerms } from './compile-terms.ts'
import type { Coverage } from './grants.ts'

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
  readonly #entitlements = new Map<string, readonly Grant[]>()
  version = 1

  constructor(tools: { readonly store: Store; readonly clock: Clock }) {
    this.#tools = tools
  }

  find(id: GrantId): HeldGrant | undefined {
    return this.#held.get(id)
  }

  all(): Grant[] {
    return Array.from(this.#held.values(), ({ grant }) => grant)
  }

  entitlementsOf(holder: GrantHolder): readonly Grant[] {
    return this.#entitlements.get(holderKey(holder)) ?? []
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
    this.version += 1
  }

  drop(id: GrantId): void {
    const grant = this.#held.get(id)?.grant
    if (!grant) return
    this.#held.delete(id)
    if (grant.kind === 'entitlement') this.#listEntitlement(grant, [])
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
    let at: GrantId | null = id
    while (at !== null) {
      const link = this.#held.get(at)
      if (!link) return { kind: 'not-covered', because: 'revoked', grant: at }
      const because = this.#refusal(link, capability, args)
      if (because) return { kind: 'not-covered', because, grant: at }
      at = link.grant.parent
    }
    return COVERED
  }

  #refusal(
    { grant, terms }: HeldGrant,
    capability: CapabilityName,
    args: (() => unknown) | undefined,
  ): 'expired' | 'capability' | 'arguments' | undefined {
    const { expiresAt } = grant.terms
    if (expiresAt !== null && expiresAt <= this.#tools.clock.now()) return 'expired'
    const match = terms.match(capability, args)
    if (match === 'yes') return undefined
    return match === 'no' ? 'capability' : 'arguments'
  }

  #listEntitlement(grant: Grant, instead: readonly Grant[]): void {
    const key = holderKey(grant.holder)
    const others = (this.#entitlements.get(key) ?? []).filter(({ id }) => id !== grant.id)
    this.#entitlements.set(key, [...others, ...instead])
  }
}

export function holderKey({ kind, id }: GrantHolder): string {
  return `${kind}:${id}`
}
