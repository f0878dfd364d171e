import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { ParleyError } from '@parley/contract'
import type { Random } from '../lib/random.ts'

/** Where a sealed value stands: it opens nowhere else, so that two rows of a stolen or altered file cannot be swapped. */
export interface SealedPlace {
  readonly table: string
  readonly column: string
  readonly id: string
}

/** Keeps secrets that must be read again. What only has to be recognized is hashed instead. */
export interface Sealer {
  seal(secret: Uint8Array | string, place: SealedPlace): Buffer
  /** Throws `internal` when the bytes were altered, moved, or sealed under another key. */
  open(sealed: Uint8Array, place: SealedPlace): Buffer
  /** A key for one purpose, always the same, from which the master key cannot be found. */
  derive(purpose: string): Buffer
}

const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const DATA_KEY_BYTES = 32
const WRAPPED_BYTES = NONCE_BYTES + DATA_KEY_BYTES + TAG_BYTES

/**
 * AES-256-GCM with a key of its own for each value, wrapped by the master key: `version | wrapped key | nonce | text |
 * tag`. The place is authenticated with both.
 */
export function createSealer(masterKey: Uint8Array, random: Random): Sealer {
  if (masterKey.length !== DATA_KEY_BYTES) throw new Error('the master key has 32 bytes')
  const derive = (purpose: string) => createHmac('sha256', masterKey).update(purpose).digest()
  const wrappingKey = derive('wrap data keys')

  return {
    derive,
    seal(secret, place) {
      const dataKey = random.bytes(DATA_KEY_BYTES)
      const aad = placeBytes(place)
      const text = typeof secret === 'string' ? Buffer.from(secret) : secret
      return Buffer.concat([
        Uint8Array.of(VERSION),
        encrypt(wrappingKey, dataKey, aad, random),
        encrypt(dataKey, text, aad, random),
      ])
    },
    open(sealed, place) {
      try {
        if (sealed[0] !== VERSION) throw new Error('unknown version')
        const aad = placeBytes(place)
        const dataKey = decrypt(wrappingKey, sealed.subarray(1, 1 + WRAPPED_BYTES), aad)
        return decrypt(dataKey, sealed.subarray(1 + WRAPPED_BYTES), aad)
      } catch (cause) {
        throw new ParleyError('internal', 'A kept secret cannot be opened with this key.', {
          detail: `${place.table}.${place.column} of ${place.id}`,
          cause,
        })
      }
    },
  }
}

/** Tells whether two texts are equal without telling by its time how much of them is. */
export function equalSecrets(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}

function placeBytes({ table, column, id }: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([table, column, id]))
}

function encrypt(key: Uint8Array, text: Uint8Array, aad: Buffer, random: Random): Buffer {
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
