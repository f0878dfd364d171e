import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { ParleyError } from '@parley/contract'
import type { Clock } from '../../lib/clock.ts'
import type { Sealer } from '../../sealing/index.ts'
import type { Store, Unit } from '../../store/index.ts'
import type { RecordChange } from '../record-change.ts'
import { SigningKeyStore, type SigningKeyRow } from './signing-key-store.ts'

export interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
}

export interface PublicSigningKey {
  readonly kid: string
  readonly publicKey: KeyObject
}

/** A key as administrators see it. */
export interface SigningKeyView {
  readonly kid: string
  readonly state: SigningKeyRow['state']
  readonly createdAt: number
  readonly retiredAt: number | null
}

/** The keys that sign tokens (ES256). Reads are from memory; a token is verified with `find`, a JWKS is made by `jwks`. */
export interface SigningKeys {
  current(): SigningKey
  /** By `kid`, as long as a token that it signed may live; also the next one. */
  find(kid: string): KeyObject | undefined
  /** A JWK Set (RFC 7517 §5): the current key first, then the next one, then those whose tokens may still live. */
  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] }
  list(): readonly SigningKeyView[]
  /**
   * The next key signs from now on, and a new next one is published. Throws `conflict` while guards may not have seen the
   * next key yet, unless it must be `now`.
   */
  rotate(by: string, options?: { readonly now?: boolean }): Promise<void>
  /** Called after each rotation. */
  onRotated(listener: () => void): void
}

/** How long a JWK Set may be kept by those who fetch it. */
export const JWKS_MAX_AGE_SECONDS = 300
const PUBLISHED_BEFORE_USE_MS = 2 * JWKS_MAX_AGE_SECONDS * 1000
/** Longer than any token lives, with the clock tolerance of a guard. */
const RETIRED_FOR_MS = 65 * 60_000

interface Tools {
  readonly store: Store
  readonly sealer: Sealer
  readonly clock: Clock
  readonly record: RecordChange
}

export async function openSigningKeys(tools: Tools): Promise<SigningKeys> {
  const rows = new SigningKeyStore(tools.store)
  if (rows.all().length === 0) {
    const unit: Unit = [
      rows.insert(makeKey('current', tools)),
      rows.insert(makeKey('next', tools)),
      tools.record({ action: 'key.create', subject: 'hub', note: 'The first keys that sign tokens.' }),
    ]
    await tools.store.submit(unit)
  }
  return new StoredSigningKeys(tools, rows)
}

class StoredSigningKeys implements SigningKeys {
  readonly #tools: Tools
  readonly #rows: SigningKeyStore
  readonly #listeners: (() => void)[] = []
  #keys: readonly SigningKeyRow[] = []
  #public: ReadonlyMap<string, KeyObject> = new Map()
  #current!: SigningKey

  constructor(tools: Tools, rows: SigningKeyStore) {
    this.#tools = tools
    this.#rows = rows
    this.#load()
  }

  current(): SigningKey {
    return this.#current
  }

  find(kid: string): KeyObject | undefined {
    const row = this.#keys.find((key) => key.kid === kid)
    return row && this.#mayHaveSigned(row) ? this.#public.get(kid) : undefined
  }

  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] } {
    const order = { current: 0, next: 1, retired: 2 }
    const live = this.#keys.filter((key) => this.#mayHaveSigned(key))
    const keys = live.toSorted((left, right) => order[left.state] - order[right.state])
    return { keys: keys.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, use: 'sig', alg: 'ES256' })) }
  }

  list(): readonly SigningKeyView[] {
    return this.#keys.map(({ kid, state, createdAt, retiredAt }) => ({ kid, state, createdAt, retiredAt }))
  }

  async rotate(by: string, options: { readonly now?: boolean } = {}): Promise<void> {
    const { store, clock, record } = this.#tools
    const current = this.#keys.find((key) => key.state === 'current')!
    const next = this.#keys.find((key) => key.state === 'next')!
    const now = clock.now()
    const waitMs = next.createdAt + PUBLISHED_BEFORE_USE_MS - now
    if (waitMs > 0 && !options.now) {
      const minutes = Math.ceil(waitMs / 60_000)
      throw new ParleyError(
        'conflict',
        `The next key was published a moment ago; others may not know it yet. Rotate in ${minutes} min, or at once if the current key is known to somebody.`,
      )
    }
    const result = await store.submit([
      this.#rows.retire(current.kid, now),
      this.#rows.promote(next.kid),
      this.#rows.insert(makeKey('next', this.#tools)),
      ...this.#keys.filter((key) => !this.#mayHaveSigned(key)).map((key) => this.#rows.remove(key.kid)),
      record({ action: 'key.rotate', subject: by, note: `${next.kid} signs, ${current.kid} is retired.` }),
    ])
    if (result.kind === 'conflict')
      throw new ParleyError('conflict', 'The keys were rotated at the same moment.')
    this.#load()
    for (const listener of this.#listeners) listener()
  }

  onRotated(listener: () => void): void {
    this.#listeners.push(listener)
  }

  #load(): void {
    this.#keys = this.#rows.all()
    this.#public = new Map(
      this.#keys.map(({ kid, publicJwk }) => [kid, createPublicKey({ key: publicJwk, format: 'jwk' })]),
    )
    const row = this.#keys.find((key) => key.state === 'current')!
    const pkcs8 = this.#tools.sealer.open(row.sealedPrivateKey, placeOf(row.kid))
    this.#current = {
      kid: row.kid,
      privateKey: createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
    }
  }

  #mayHaveSigned(key: SigningKeyRow): boolean {
    return key.retiredAt === null || this.#tools.clock.now() < key.retiredAt + RETIRED_FOR_MS
  }
}

function makeKey(state: 'current' | 'next', { sealer, clock }: Tools): Omit<SigningKeyRow, 'retiredAt'> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' })
  // RFC 7638 §3: the members in this order are the thumbprint's input.
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
  return {
    kid,
    state,
    publicJwk: { kty, crv, x, y },
    sealedPrivateKey: sealer.seal(pkcs8, placeOf(kid)),
    createdAt: clock.now(),
  }
}

function placeOf(kid: string): { table: string; column: string; id: string } {
  return { table: 'signing_keys', column: 'sealed_private_key', id: kid }
}
