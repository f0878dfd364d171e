import type { Revision } from './suite/suite-command.ts'

/** A scenario that cannot score across eras as it does within one, and why. */
export interface CrossEraException {
  /** What the client speaks; the upstream speaks the other revision only. */
  clientRevision: Revision
  scenario: string
  reason: string
}

/**
 * Everything not listed here must score across eras exactly as it does within one. An entry that scores the same
 * after all is an error too: the list stays true.
 */
export const crossEraExceptions: CrossEraException[] = []
