import { ACR_VALUES, type Acr } from '@parley/contract'
import { ownPath, type Form } from '../pages/index.ts'
import type { BrowserSession, Demand } from './people.ts'

/** What the pages of signing in carry with them, in their query: read again at the end by whoever asked. */
export interface Wish {
  readonly acr: Acr
  readonly maxAgeSeconds: number | undefined
  readonly returnTo: string
}

/** C6: nothing is reached with less. */
const LEAST: Acr = 'urn:parley:2fa'
/** The way back from signing in takes a moment; with less, nobody would ever arrive. */
const LEAST_AGE_SECONDS = 30
const HOME = '/account'

export function toWish(demand: Demand): Wish {
  return {
    acr: demand.acr !== undefined && isStronger(demand.acr, LEAST) ? demand.acr : LEAST,
    maxAgeSeconds:
      demand.maxAgeSeconds === undefined ? undefined : Math.max(demand.maxAgeSeconds, LEAST_AGE_SECONDS),
    returnTo: ownPath(demand.returnTo) ?? HOME,
  }
}

/** Anyone can write a query: whatever does not fit falls back to the least, and nothing is let in by it. */
export function readWish(query: Form): Wish {
  const acr = ACR_VALUES.find((value) => value === query.get('acr'))
  const maxAge = query.get('max_age') ?? ''
  return toWish({
    acr,
    maxAgeSeconds: /^\d{1,9}$/.test(maxAge) ? Number(maxAge) : undefined,
    returnTo: query.get('return_to') ?? HOME,
  })
}

/** A page of signing in that carries the wish on. */
export function withWish(path: string, wish: Wish): string {
  const query = new URLSearchParams()
  if (wish.returnTo !== HOME) query.set('return_to', wish.returnTo)
  if (wish.acr !== LEAST) query.set('acr', wish.acr)
  if (wish.maxAgeSeconds !== undefined) query.set('max_age', String(wish.maxAgeSeconds))
  return query.size === 0 ? path : `${path}?${query}`
}

export function meets(session: BrowserSession, wish: Wish, nowMs: number): boolean {
  if (session.acr !== wish.acr && !isStronger(session.acr, wish.acr)) return false
  return wish.maxAgeSeconds === undefined || nowMs / 1000 - session.authTime <= wish.maxAgeSeconds
}

function isStronger(acr: Acr, than: Acr): boolean {
  return ACR_VALUES.indexOf(acr) > ACR_VALUES.indexOf(than)
}
