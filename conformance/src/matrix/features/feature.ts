import { knows } from '@parley/contract'
import type { Revision, RevisionFeatureName } from '@parley/contract'
import type { Driver } from '../drivers/driver.ts'
import type { MatrixUpstream } from '../upstreams/upstream.ts'

/** A row of the matrix. */
export interface Feature {
  name: string
  /** Why this upstream cannot show it, or undefined where it can. */
  isMissingFrom: (upstream: MatrixUpstream, clientRevision: Revision) => string | undefined
  /** Throws an error that says what was wrong. */
  prove: (proof: Proof) => Promise<void>
}

export interface Proof {
  driver: Driver
  upstream: MatrixUpstream
  clientRevision: Revision
  /** The same client, connected to the upstream's copy with small pages. */
  connectPaged: () => Promise<Driver>
}

export function expect(isTrue: boolean, complaint: string): asserts isTrue {
  if (!isTrue) throw new Error(complaint)
}

export const notOffered = 'not offered by the upstream'

const needs: Record<string, RevisionFeatureName> = {
  'structured content': 'structuredContent',
  'elicitation (form)': 'elicitation',
  'elicitation (URL)': 'urlElicitation',
}

/** Why a feature cannot be shown where this revision is spoken: it has no word for it. */
export function missingFrom(revision: Revision, feature: string): string | undefined {
  const needed = needs[feature]
  return needed === undefined || knows(revision, needed) ? undefined : `not part of ${revision}`
}
