import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createActivity } from '../activity/index.ts'
import { systemClock } from '../lib/clock.ts'
import { createNewId, systemRandom } from '../lib/random.ts'
import { openStore, type Store } from '../store/index.ts'
import { openSealing, type KeyPlace, type SealedColumn, type Sealing } from './index.ts'

export interface OpenedSealing extends Sealing, AsyncDisposable {
  readonly store: Store
}

export function newDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'parley-sealing-'))
}

export function removeDataDirs(directories: string[]): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
}

export const keyFileOf = (dataDir: string) => join(dataDir, 'master.key')

/** A database with its keys, as a start of the hub opens them. */
export async function openIn(
  dataDir: string,
  place: KeyPlace = { kind: 'file', file: keyFileOf(dataDir) },
): Promise<OpenedSealing> {
  await using stack = new AsyncDisposableStack()
  const store = stack.use(await openStore(dataDir))
  const tools = { store, clock: systemClock, newId: createNewId(systemClock, systemRandom) }
  const activity = stack.use(createActivity({ ...tools, mode: 'queued', onError: () => undefined }))
  const more = { activity, random: systemRandom, log: () => undefined }
  const sealing = await openSealing({ ...tools, ...more }, place)
  stack.use(sealing.masterKeys)
  const owned = stack.move()
  return { ...sealing, store, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Any table will do. */
export const COLUMN: SealedColumn = {
  table: 'signing_keys',
  column: 'sealed_private_key',
  key: 'kid',
  place: 'kid',
}

export const placeOf = (id: string) => ({ table: COLUMN.table, column: COLUMN.column, id })

/** Keeps so many secrets; `secret-0` is the first. */
export async function fill({ store, sealer }: OpenedSealing, count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, at) => `id-${String(at).padStart(6, '0')}`)
  for (let start = 0; start < count; start += 500)
    await store.submit(
      ids.slice(start, start + 500).map((id, at) => ({
        sql: "INSERT INTO signing_keys (kid, state, public_jwk, sealed_private_key, created_at) VALUES (?, 'retired', '{}', ?, 1)",
        parameters: [id, sealer.seal(`secret-${start + at}`, placeOf(id))],
      })),
    )
}

/** How many of them open, each with its own text. */
export function countOpening({ store, sealer }: OpenedSealing): number {
  const rows = store.all('SELECT kid, sealed_private_key FROM signing_keys ORDER BY kid')
  return rows.filter((row, at) => {
    const opened = sealer.open(row['sealed_private_key'] as Uint8Array, placeOf(String(row['kid'])))
    return opened.toString() === `secret-${at}`
  }).length
}
