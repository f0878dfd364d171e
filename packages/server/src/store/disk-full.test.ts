import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore, type Store } from './index.ts'
import { insert, names, openTestStore, temporaryDirectory, until } from './store-fixture.ts'

/** A small disk, where this machine lets us have one. */
function mountSmallDisk(): string | undefined {
  const point = temporaryDirectory()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', point], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => void execFileSync('umount', ['-l', point]))
  return point
}

/** Writes until there is no space; returns what makes space again. */
function fill(disk: string): () => void {
  const file = join(disk, 'ballast')
  const handle = openSync(file, 'w')
  for (const bytes of [65_536, 512, 1]) {
    const chunk = Buffer.alloc(bytes)
    try {
      for (;;) writeSync(handle, chunk)
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
    }
  }
  closeSync(handle)
  return () => rmSync(file)
}

/** Writes small units until one is refused; returns the names that were acknowledged. */
async function writeUntilRefused(store: Store): Promise<string[]> {
  const acknowledged: string[] = []
  for (;;) {
    const name = `n${acknowledged.length}`
    try {
      await store.submit([insert(name, 'x'.repeat(2000))])
    } catch (error) {
      expect(error).toMatchObject({ code: 'storage_full' })
      return acknowledged
    }
    acknowledged.push(name)
  }
}

test('a full disk refuses writes, keeps reads, and is left again by itself; no acknowledged write is lost', async () => {
  const disk = mountSmallDisk()
  if (disk === undefined) return fullWithoutMount()
  const store = await openStore(disk)
  await store.submit([insert('before')])
  const makeSpace = fill(disk)
  const acknowledged = await writeUntilRefused(store)
  expect(store.status().writable).toBe(false)
  const together = await Promise.allSettled([1, 2, 3].map((at) => store.submit([insert(`lost${at}`)])))
  expect(together.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(names(store)).toEqual(['before', ...acknowledged])
  makeSpace()
  // Nothing is submitted meanwhile: a hub that is not ready gets no calls.
  await until(() => store.status().writable)
  await store.submit([insert('after')])
  expect(names(store)).toEqual(['before', ...acknowledged, 'after'])
  await store[Symbol.asyncDispose]()
  expect(names(await openTestStore(disk))).toEqual(['before', ...acknowledged, 'after'])
})

/** The same through a limit of SQLite's own. */
async function fullWithoutMount(): Promise<void> {
  const store = await openTestStore(temporaryDirectory())
  await store.submit([insert('before')])
  await store.submit([{ sql: 'PRAGMA max_page_count = 1', parameters: [] }])
  const big = insert('big', 'x'.repeat(1_000_000))
  await expect(store.submit([big])).rejects.toMatchObject({ code: 'storage_full' })
  expect(store.status().writable).toBe(false)
  expect(names(store)).toEqual(['before'])
  await store.submit([{ sql: 'PRAGMA max_page_count = 1000000', parameters: [] }])
  await until(() => store.status().writable)
  await store.submit([big])
  expect(names(store)).toEqual(['before', 'big'])
}
