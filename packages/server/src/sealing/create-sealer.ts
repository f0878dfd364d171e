import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { ParleyError } from '@parley/contract'
import type { Random } from '../lib/random.ts'
import { KeyRing } from './key-ring.ts'
import { KEY_BYTES, KEY_ID_BYTES, toMasterKey, type MasterKey } from './master-key.ts'

/** Where a sealed value stands: it opens nowhere else, so that two rows of a stolen or altered file cannot be swapped. */
export interface SealedPlace {
  readonly table: string
  readonly column: string
  readonly id: string
}

/** Keeps secrets that must be read again. What only has to be recognized is hashed instead. */
export interface Sealer {
  seal(secret: Uint8Array | string, place: SealedPlace): Buffer
  /** Throws `internal` when the bytes were altered, moved, or sealed under a key that is not there. */
  open(sealed: Uint8Array, place: SealedPlace): Buffer
  /** The same secret under the key that seals now; its data key alone is opened. Throws as `open`. */
  rewrap(sealed: Uint8Array, place: SealedPlace): Buffer
  /** A key for one purpose, always the same under one master key, from which the master key cannot be found. */
  derive(purpose: string): Buffer
}

/** Named in the header by the key that wrapped it. */
const VERSION = 2
/** Before keys had names: whichever key opens it. */
const UNNAMED_VERSION = 1
const VERSION_BYTE = Buffer.of(VERSION)
const NONCE_BYTES = 12
const TAG_BYTES = 16
const DRAWN_BYTES = KEY_BYTES + 2 * NONCE_BYTES
const DRAWN_AT_ONCE = 64
const WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES

/**
 * AES-256-GCM with a key of its own for each value, wrapped by a master key: `version | key id | wrapped key | nonce |
 * text | tag`. The place is authenticated with both.
 */
export function createSealer(keys: KeyRing | Uint8Array, random: Random): Sealer {
  const ring = keys instanceof KeyRing ? keys : new KeyRing([toMasterKey(keys)])

  let pool: Uint8Array = new Uint8Array(0)
  let used = 0

  /** A new key and two nonces. Of many at once: asking the generator costs more than the bytes. */
  function draw(): Uint8Array {
    if (used === pool.length) {
      pool = random.bytes(DRAWN_BYTES * DRAWN_AT_ONCE)
      used = 0
    }
    return pool.subarray(used, (used += DRAWN_BYTES))
  }

  /** Header and wrapped key. */
  function wrap(dataKey: Uint8Array, aad: Buffer, nonce: Uint8Array): Uint8Array[] {
    const { id, wrappingKey } = ring.current
    return [VERSION_BYTE, id, ...encrypt(wrappingKey, dataKey, { aad, nonce })]
  }

  return {
    derive: (purpose) => ring.current.derive(purpose),
    seal(secret, place) {
      const drawn = draw()
      const dataKey = drawn.subarray(0, KEY_BYTES)
      const nonce = drawn.subarray(KEY_BYTES, KEY_BYTES + NONCE_BYTES)
      const aad = placeBytes(place)
      const text = typeof secret === 'string' ? Buffer.from(secret) : secret
      return Buffer.concat([
        ...wrap(dataKey, aad, nonce),
        ...encrypt(createSecretKey(dataKey), text, { aad, nonce: drawn.subarray(KEY_BYTES + NONCE_BYTES) }),
      ])
    },
    open(sealed, place) {
      return attempt(place, (aad) => {
        const { dataKey, text } = unwrap(ring, sealed, aad)
        return decrypt(createSecretKey(dataKey), text, aad)
      })
    },
    rewrap(sealed, place) {
      return attempt(place, (aad) => {
        const { dataKey, text } = unwrap(ring, sealed, aad)
        return Buffer.concat([...wrap(dataKey, aad, random.bytes(NONCE_BYTES)), text])
      })
    },
  }
}

/** How everything begins that was sealed under this key. */
export function headerOf({ id }: MasterKey): Buffer {
  return Buffer.concat([Uint8Array.of(VERSION), id])
}

function attempt(place: SealedPlace, work: (aad: Buffer) => Buffer): Buffer {
  try {
    return work(placeBytes(place))
  } catch (cause) {
    throw new ParleyError('internal', 'A kept secret cannot be opened with this key.', {
      detail: `${place.table}.${place.column} of ${place.id}`,
      cause,
    })
  }
}

function unwrap(ring: KeyRing, sealed: Uint8Array, aad: Buffer): { dataKey: Buffer; text: Uint8Array } {
  if (sealed[0] === UNNAMED_VERSION) {
    const wrapped = sealed.subarray(1, 1 + WRAPPED_BYTES)
    return { dataKey: unwrapWithAny(ring, wrapped, aad), text: sealed.subarray(1 + WRAPPED_BYTES) }
  }
  if (sealed[0] !== VERSION) throw new Error('unknown version')
  const start = 1 + KEY_ID_BYTES
  const key = ring.find(sealed.subarray(1, start))
  if (!key) throw new Error(`key ${Buffer.from(sealed.subarray(1, start)).toString('hex')} is not there`)
  const dataKey = decrypt(key.wrappingKey, sealed.subarray(start, start + WRAPPED_BYTES), aad)
  return { dataKey, text: sealed.subarray(start + WRAPPED_BYTES) }
}

function unwrapWithAny(ring: KeyRing, wrapped: Uint8Array, aad: Buffer): Buffer {
  const [last, ...others] = ring.all.toReversed()
  for (const { wrappingKey } of others.toReversed()) {
    try {
      return decrypt(wrappingKey, wrapped, aad)
    } catch {
      // It may be another key's.
    }
  }
  return decrypt(last!.wrappingKey, wrapped, aad)
}

function placeBytes({ table, column, id }: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([table, column, id]))
}

/**
 * In pieces: nonce, text, tag.
 *
 * NOTE: keys are key objects: given bytes, Node makes one for each use, and that costs more than the cipher.
 */
function encrypt(
  key: KeyObject,
  text: Uint8Array,
  { aad, nonce }: { aad: Buffer; nonce: Uint8Array },
): Uint8Array[] {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad)
  return [nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]
}

function decrypt(key: KeyObject, bytes: Uint8Array, aad: Buffer): Buffer {
  const end = bytes.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
  decipher.setAAD(aad).setAuthTag(bytes.subarray(end))
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()])
}
