import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../lib/random.ts'
import type { Store } from '../store/index.ts'
import { createSealer, type Sealer } from './create-sealer.ts'

const FILE = 'master.key'
const KEY_BYTES = 32
/** A settings row sealed under the key: tells a wrong key at the start instead of at the first secret. */
const CHECK = { table: 'settings', column: 'value', id: 'master-key-check' }

/**
 * The sealer under the hub's master key: 32 random bytes in `master.key` of the data directory, made at the first start
 * and readable by its owner alone. Throws when others may read the file, or when it is not the key of this database.
 */
export async function openSealer(tools: { dataDir: string; store: Store; random: Random }): Promise<Sealer> {
  const { dataDir, store, random } = tools
  const file = join(dataDir, FILE)
  const check = store.get('SELECT value FROM settings WHERE name = ?', CHECK.id)
  const kept = readKey(file)
  if (!kept && check)
    throw new Error(
      `${file} is missing: put the key back that belongs to this database (it is not in a backup).`,
    )
  const sealer = createSealer(kept ?? makeKey(file, random), random)
  if (!check) {
    const sealed = sealer.seal(CHECK.id, CHECK).toString('base64')
    await store.submit([
      { sql: 'INSERT INTO settings (name, value) VALUES (?, ?)', parameters: [CHECK.id, sealed] },
    ])
    return sealer
  }
  try {
    sealer.open(Buffer.from(String(check['value']), 'base64'), CHECK)
  } catch (cause) {
    throw new Error(`${file} is not the key of this database.`, { cause })
  }
  return sealer
}

function readKey(file: string): Buffer | undefined {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    if ((fstatSync(descriptor).mode & 0o077) !== 0)
      throw new Error(`${file} may be read by others; \`chmod 600\` it and consider its secrets known.`)
    const key = Buffer.from(readFileSync(descriptor, 'utf8').trim(), 'base64')
    if (key.length !== KEY_BYTES)
      throw new Error(`${file} does not hold a key of ${KEY_BYTES} bytes in base64.`)
    return key
  } finally {
    closeSync(descriptor)
  }
}

function makeKey(file: string, random: Random): Uint8Array {
  const key = random.bytes(KEY_BYTES)
  const descriptor = openSync(`${file}.new`, 'w', 0o600)
  try {
    writeSync(descriptor, `${Buffer.from(key).toString('base64')}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(`${file}.new`, file)
  return key
}
