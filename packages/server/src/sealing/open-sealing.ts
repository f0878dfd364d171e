import type { Activity } from '../activity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import type { Store } from '../store/index.ts'
import { createSealer, type Sealer } from './create-sealer.ts'
import { KeyRing } from './key-ring.ts'
import { createKeySource, type KeyPlace, type KeySource } from './key-source.ts'
import { KEY_BYTES, type MasterKey } from './master-key.ts'
import { MasterKeys } from './master-keys.ts'
import { CHECK_PLACE, SealedStore } from './sealed-store.ts'

export interface SealingTools {
  readonly store: Store
  readonly activity: Activity
  readonly clock: Clock
  readonly newId: NewId
  readonly random: Random
  readonly log: (message: string, detail: Readonly<Record<string, unknown>>) => void
}

export interface Sealing {
  readonly sealer: Sealer
  readonly masterKeys: MasterKeys
}

/**
 * The sealer under the hub's master key, which a file gets at the first start. Where a new key stands before the one of
 * this database, everything is sealed anew under it. Throws when a file may be read by others, or when it is not the
 * key of this database.
 */
export async function openSealing(tools: SealingTools, place: KeyPlace): Promise<Sealing> {
  const { store, random } = tools
  const rows = new SealedStore(store)
  const source = createKeySource(place)
  const check = rows.check()
  const keys = (await source.read()) ?? (await makeKey(source, { random, isNew: check === undefined }))
  const ring = new KeyRing(keys)
  const sealer = createSealer(ring, random)
  const masterKeys = new MasterKeys({ ...tools, ring, rows, sealer, source })
  if (!check) await store.submit([rows.setCheck(sealer.seal(CHECK_PLACE.id, CHECK_PLACE))])
  else {
    const held = findKey(keys, { check, random })
    if (!held) throw new Error(`${source.name} is not the key of this database.`)
    refuseUnfinished(ring, rows, source)
    if (held !== ring.current) await masterKeys.begin('hub')
  }
  return { sealer, masterKeys }
}

async function makeKey(
  source: KeySource,
  { random, isNew }: { random: Random; isNew: boolean },
): Promise<readonly [MasterKey, ...MasterKey[]]> {
  if (!isNew)
    throw new Error(
      `${source.name} is missing: put the key back that belongs to this database (it is not in a backup).`,
    )
  source.write?.([random.bytes(KEY_BYTES)])
  return (await source.read())!
}

/** The key that this database is sealed under. */
function findKey(
  keys: readonly MasterKey[],
  { check, random }: { check: Buffer; random: Random },
): MasterKey | undefined {
  return keys.find((key) => {
    try {
      createSealer(new KeyRing([key]), random).open(check, CHECK_PLACE)
      return true
    } catch {
      return false
    }
  })
}

/** A key that was left too early would take its secrets along. */
function refuseUnfinished(ring: KeyRing, rows: SealedStore, source: KeySource): void {
  const missing = rows.rotation()?.from.find((name) => !ring.all.some((key) => key.name === name))
  if (missing === undefined) return
  throw new Error(
    `${source.name} lacks the key ${missing}, under which secrets are still sealed: put it back behind the new one until \`parley keys\` says that all are done.`,
  )
}
