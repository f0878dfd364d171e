import { createCipheriv, createDecipheriv } from 'node:crypto'
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
const NONCE_BYTES = 12
const TAG_BYTES = 16
const WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES

/**
 * AES-256-GCM with a key of its own for each value, wrapped by a master key: `version | key id | wrapped key | nonce |
 * text | tag`. The place is authenticated with both.
 */
export function createSealer(keys: KeyRing | Uint8Array, random: Random): Sealer {
  const ring = keys instanceof KeyRing ? keys : new KeyRing([toMasterKey(keys)])

  function wrap(dataKey: Uint8Array, aad: Buffer): Buffer {
    const { id, wrappingKey } = ring.current
    return Buffer.concat([Uint8Array.of(VERSION), id, encrypt(wrappingKey, dataKey, { aad, random })])
  }

  return {
    derive: (purpose) => ring.current.derive(purpose),
    seal(secret, place) {
      const dataKey = random.bytes(KEY_BYTES)
      const aad = placeBytes(place)
      const text = typeof secret === 'string' ? Buffer.from(secret) : secret
      return Buffer.concat([wrap(dataKey, aad), encrypt(dataKey, text, { aad, random })])
    },
    open(sealed, place) {
      return attempt(place, (aad) => {
        const { dataKey, text } = unwrap(ring, sealed, aad)
        return decrypt(dataKey, text, aad)
      })
    },
    rewrap(sealed, place) {
      return attempt(place, (aad) => {
        const { dataKey, text } = unwrap(ring, sealed, aad)
        return Buffer.concat([wrap(dataKey, aad), text])
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

function encrypt(
  key: Uint8Array,
  text: Uint8Array,
  { aad, random }: { aad: Buffer; random: Random },
): Buffer {
  const nonce = random.bytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad)
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()])
}

function decrypt(key: Uint8Array, bytes: Uint8Array, aad: Buffer): Buffer {
  const end = bytes.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
  decipher.setAAD(aad).setAuthTag(bytes.subarray(end))
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()])
}
