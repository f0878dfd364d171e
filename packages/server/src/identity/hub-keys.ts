import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyId } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import type { Store } from '../store/index.ts'
import { createBootstrapKey, hashKey } from './bootstrap-key.ts'

const KEY_BYTES = 32

interface Minting {
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly dataDir: string
}

/** The administrator's key: made at the first start, afterwards known by its hash and read from the 0600 file. */
export async function openBootstrapKey(store: Store, minting: Minting) {
  const known = store.get("SELECT id, hash FROM keys WHERE kind = 'bootstrap' AND revoked_at IS NULL")
  const text = known && readCredentials(minting.dataDir)?.key
  if (known && text !== undefined && hashKey(text).equals(known['hash'] as Uint8Array)) {
    return { id: known['id'] as KeyId, hash: known['hash'] as Uint8Array, text, isNew: false }
  }
  // The file is gone or was changed: the key in it can no longer be known, so a new one takes its place.
  const fresh = createBootstrapKey(minting.random)
  const id = minting.newId('key')
  const now = minting.clock.now()
  await store.submit([
    {
      sql: "UPDATE keys SET revoked_at = ? WHERE kind = 'bootstrap' AND revoked_at IS NULL",
      parameters: [now],
    },
    {
      sql: "INSERT INTO keys (id, kind, hash, created_at) VALUES (?, 'bootstrap', ?, ?)",
      parameters: [id, hashKey(fresh), now],
    },
  ])
  return { id, hash: hashKey(fresh), text: fresh, isNew: true }
}

/** The key that seals request states, kept so that a state survives a restart. */
export async function openStateKey(store: Store, random: Random): Promise<Uint8Array> {
  const known = store.get("SELECT hash FROM keys WHERE kind = 'request-state' AND revoked_at IS NULL")
  if (known) return known['hash'] as Uint8Array
  const key = random.bytes(KEY_BYTES)
  await store.submit([
    {
      sql: "INSERT INTO keys (id, kind, hash, created_at) VALUES ('request-state', 'request-state', ?, 0)",
      parameters: [key],
    },
  ])
  return key
}

const CREDENTIALS = 'credentials.json'

function readCredentials(dataDir: string): { key: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, CREDENTIALS), 'utf8')) as { key: string }
  } catch {
    // Missing or unreadable is the same: the caller makes a new key.
    return undefined
  }
}

export function writeCredentials(dataDir: string, credentials: { url: string; key: string }): void {
  const file = join(dataDir, CREDENTIALS)
  writeFileSync(`${file}.new`, `${JSON.stringify(credentials)}\n`, { mode: 0o600 })
  chmodSync(`${file}.new`, 0o600)
  renameSync(`${file}.new`, file)
}
