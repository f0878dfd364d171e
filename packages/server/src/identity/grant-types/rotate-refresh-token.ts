import { hkdfSync } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import type { Random } from '../../lib/random.ts'
import { createSealer } from '../../sealing/index.ts'
import type { Store } from '../../store/index.ts'
import type { RefreshTokenRow } from '../provider/family-store.ts'
import { hashId } from '../provider/record-store.ts'
import type { TokenFamilies } from '../provider/token-families.ts'
import type { RecordChange } from '../record-change.ts'

/** How long the holder of a refresh token may ask again after it was exchanged, because the answer was lost. */
const RETRY_MS = 10_000
/** After this, a spent token is refused as unknown, without an end of its family. */
const SPENT_KEPT_MS = 7 * 24 * 3_600_000
const TOKEN_BYTES = 32

export interface RotationTools {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly record: RecordChange
  readonly families: TokenFamilies
}

export type Rotation =
  | { readonly kind: 'rotated'; readonly refreshToken: string }
  /** It was used before, and its family is over now. */
  | { readonly kind: 'reused' }

/** A new refresh token; the prefix makes a leaked one visible to secret scanners. */
export function makeRefreshToken(random: Random): string {
  return `parley_refresh_${Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url')}`
}

/**
 * Exchanges a refresh token for its successor (OAuth 2.1 §4.3.1). One conditional statement decides who is first; whoever
 * comes later within ten seconds, while the successor is unused, gets the same successor. Anything else is reuse.
 */
export async function rotateRefreshToken(
  token: { readonly presented: string; readonly row: RefreshTokenRow; readonly successorExpiresAt: number },
  tools: RotationTools,
): Promise<Rotation> {
  const { presented, row } = token
  if (row.usedAt === null) {
    const refreshToken = makeRefreshToken(tools.random)
    if (await exchange({ ...token, refreshToken }, tools)) return { kind: 'rotated', refreshToken }
  }
  const now = tools.families.rows.find(row.hash)
  const repeated = now && repeat(presented, now, tools)
  if (repeated !== undefined) return { kind: 'rotated', refreshToken: repeated }
  const grantId = String(row.payload['grantId'])
  await tools.families.revoke(row.family, { grantId, why: 'A refresh token was used twice.' })
  return { kind: 'reused' }
}

/** False when someone was faster. */
async function exchange(
  token: { presented: string; row: RefreshTokenRow; successorExpiresAt: number; refreshToken: string },
  { store, clock, random, record, families }: RotationTools,
): Promise<boolean> {
  const { presented, row, refreshToken } = token
  const at = clock.now()
  const hash = hashId(refreshToken)
  const sealed = createSealer(keyOf(presented), random).seal(refreshToken, placeOf(row.hash))
  const grantId = String(row.payload['grantId'])
  const result = await store.submit([
    families.rows.exchange(row.hash, { hash, sealed, at }),
    ...families.rows.insert({
      hash,
      family: row.family,
      payload: row.payload,
      issuedAt: at,
      expiresAt: token.successorExpiresAt,
    }),
    families.rows.forgetSpent(row.family, at - SPENT_KEPT_MS),
    record({
      action: 'token.refresh',
      subject: grantId,
      grant: grantId,
      person: String(row.payload['accountId']),
    }),
  ])
  return result.kind === 'done'
}

/** The successor once more, when the presented token is its immediate predecessor and the answer may have been lost. */
function repeat(
  presented: string,
  row: RefreshTokenRow,
  { clock, random, families }: RotationTools,
): string | undefined {
  if (row.isFamilyRevoked || row.usedAt === null || row.sealedSuccessor === null) return undefined
  // Either way: after a restart the clock may be behind the one that wrote this.
  if (Math.abs(clock.now() - row.usedAt) > RETRY_MS) return undefined
  const successor = families.rows.find(row.successorHash!)
  if (!successor || successor.usedAt !== null) return undefined
  return createSealer(keyOf(presented), random).open(row.sealedSuccessor, placeOf(row.hash)).toString()
}

/** Only who holds the presented token can make this key: the database alone does not open what is sealed. */
function keyOf(presented: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', presented, '', 'successor of a refresh token', 32))
}

function placeOf(hash: Buffer): { table: string; column: string; id: string } {
  return { table: 'refresh_tokens', column: 'sealed_successor', id: hash.toString('base64url') }
}
