import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ParleyError, type KeyId, type Principal } from '@parley/contract'
import { recordOf, type Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import type { Store, Unit } from '../store/index.ts'
import type { StoredKey } from './authenticate.ts'
import { createBootstrapKey, hashKey } from './bootstrap-key.ts'

const KEY_BYTES = 32

interface Minting {
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly activity: Activity
  readonly dataDir: string
  /** Whether somebody else can manage the hub. */
  readonly hasAdministrator: () => boolean
}

/** The administrator's first key: for as long as there are no accounts, and until it is retired. */
export interface BootstrapKey {
  /** The key itself; undefined once it was retired. */
  readonly text: string | undefined
  readonly isNew: boolean
  /** The key as it is checked: none once it was retired. */
  standing(): readonly StoredKey[]
  /** Ends it for good. Throws `conflict` while no administrator has an account, because nobody could manage the hub then. */
  retire(by: Pick<Principal, 'subject' | 'chain' | 'person'>): Promise<void>
  onRetired(listener: (id: KeyId) => void): void
}

const RETIRED = "SELECT 1 FROM settings WHERE name = 'bootstrap-key' AND value = 'retired'"

/** Made at the first start, afterwards known by its hash and read from the 0600 file. */
export async function openBootstrapKey(store: Store, minting: Minting): Promise<BootstrapKey> {
  const opened = store.get(RETIRED) ? undefined : await openKey(store, minting)
  let standing: readonly StoredKey[] = opened ? [{ id: opened.id, hash: opened.hash }] : []
  const listeners: ((id: KeyId) => void)[] = []
  return {
    text: opened?.text,
    isNew: opened?.isNew ?? false,
    standing: () => standing,
    onRetired: (listener) => void listeners.push(listener),
    async retire(by) {
      if (standing.length === 0) return
      if (!minting.hasAdministrator())
        throw new ParleyError(
          'conflict',
          'No administrator has an account yet: use the setup link first, or nobody could manage the hub.',
        )
      await store.submit(retirement(minting, by))
      const ended = standing
      standing = []
      rmSync(join(minting.dataDir, CREDENTIALS), { force: true })
      for (const { id } of ended) for (const listener of listeners) listener(id)
    },
  }
}

function retirement(
  tools: Minting,
  { subject, chain, person }: Pick<Principal, 'subject' | 'chain' | 'person'>,
): Unit {
  const { activity, clock } = tools
  return [
    {
      sql: "UPDATE keys SET revoked_at = ? WHERE kind = 'bootstrap' AND revoked_at IS NULL",
      parameters: [clock.now()],
    },
    {
      sql: "INSERT INTO settings (name, value) VALUES ('bootstrap-key', 'retired') ON CONFLICT DO NOTHING",
      parameters: [],
    },
    activity.statement(
      recordOf(tools, {
        action: 'key.retire',
        subject,
        chain,
        ...(person !== undefined && { person }),
        policies: ['builtin:role'],
        note: "The administrator's first key was retired.",
      }),
    ),
  ]
}

async function openKey(store: Store, minting: Minting) {
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
