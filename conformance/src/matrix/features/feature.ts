import type { Revision } from '../../suite/suite-command.ts'
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
