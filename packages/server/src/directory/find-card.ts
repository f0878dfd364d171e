import { ParleyError } from '@parley/contract'
import type { Outlet } from '../egress/index.ts'
import { fetchCard, type FetchedCard } from './fetch-card.ts'

export interface FoundCard {
  readonly url: string
  readonly fetched: Extract<FetchedCard, { kind: 'card' }>
}

/** Agents of 0.3 had it there until its last revision. */
const WELL_KNOWN = ['/.well-known/agent-card.json', '/.well-known/agent.json']

/**
 * The card at the address that an administrator typed: exactly there when it names a JSON file, else in the well-known
 * places below it (A2A §8.2) and of its host. All are of the same origin.
 */
export async function findCard(outlet: Outlet, typed: URL, signal?: AbortSignal): Promise<FoundCard> {
  let first: unknown
  for (const path of pathsOf(typed)) {
    try {
      const fetched = await fetchCard(outlet, path, signal && { signal })
      if (fetched.kind === 'card') return { url: new URL(path, typed).href, fetched }
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code !== 'upstream_invalid') throw error
      first ??= error
    }
  }
  throw first
}

function pathsOf({ pathname, search }: URL): readonly string[] {
  if (pathname.endsWith('.json') || search !== '') return [pathname + search]
  const base = pathname.replace(/\/+$/, '')
  return [
    ...new Set([...WELL_KNOWN.map((path) => base + path), ...WELL_KNOWN, ...(base === '' ? [] : [base])]),
  ]
}
