import type { GroupId, PersonId, Role } from '@parley/contract'
import type { Statement } from '../store/index.ts'
import type { LinkRow } from './link-store.ts'
import type { Parts } from './parts.ts'
import type { OneTimeLink } from './people.ts'
import { hashSecret, newSecret } from './secrets.ts'

const HOUR_MS = 3_600_000
const LIFETIME_MS: Readonly<Record<LinkRow['kind'], number>> = {
  setup: 24 * HOUR_MS,
  invite: 72 * HOUR_MS,
  reset: HOUR_MS,
}

export interface NewLink {
  readonly kind: LinkRow['kind']
  readonly email: string
  readonly roles: readonly Role[]
  readonly groups: readonly GroupId[]
  readonly person: PersonId | null
  readonly dropFactors: boolean
}

/** A link of 256 random bits; earlier ones of the same kind for the same person end in the same unit. */
export function newLink(
  { random, clock, newId, links, kit }: Parts,
  about: NewLink,
): { readonly link: OneTimeLink; readonly unit: readonly Statement[] } {
  const secret = newSecret(random)
  const createdAt = clock.now()
  const expiresAt = createdAt + LIFETIME_MS[about.kind]
  const row: LinkRow = { ...about, id: newId('invitation'), hash: secret.hash, createdAt, expiresAt }
  return {
    link: { id: row.id, url: `${kit.origin}/${about.kind}/${secret.text}`, expiresAt },
    unit: [links.deleteEarlier(row, createdAt), links.insert(row)],
  }
}

/** The link that a secret opens, while it may be used. */
export function findLink(parts: Parts, kind: LinkRow['kind'], secret: string): LinkRow | undefined {
  const link = parts.links.find(kind, hashSecret(secret))
  return link && link.expiresAt > parts.clock.now() ? link : undefined
}
