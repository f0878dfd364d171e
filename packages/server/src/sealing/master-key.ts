import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'

export const KEY_BYTES = 32
export const KEY_ID_BYTES = 8

/** A key under which data keys are wrapped. */
export interface MasterKey {
  /** Stands before everything sealed under it; the key cannot be found from it. */
  readonly id: Buffer
  /** The same for people. */
  readonly name: string
  readonly wrappingKey: KeyObject
  /** A key for one purpose, always the same, from which the master key cannot be found. */
  derive(purpose: string): Buffer
}

export function toMasterKey(bytes: Uint8Array): MasterKey {
  if (bytes.length !== KEY_BYTES) throw new Error(`a master key has ${KEY_BYTES} bytes`)
  const derive = (purpose: string) => createHmac('sha256', bytes).update(purpose).digest()
  const id = derive('key id').subarray(0, KEY_ID_BYTES)
  return { id, name: id.toString('hex'), wrappingKey: createSecretKey(derive('wrap data keys')), derive }
}
