import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openStore } from './open-store.ts'
import type { Store } from './store.ts'
import type { Statement } from './unit.ts'

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), 'parley-store-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** A store that is closed after the test. */
export async function openTestStore(dataDir: string, options?: { migrations?: string }): Promise<Store> {
  const store = await openStore(dataDir, options)
  onTestFinished(() => store[Symbol.asyncDispose]())
  return store
}

export function insert(name: string, value = 'x'): Statement {
  return { sql: 'INSERT INTO settings VALUES (?, ?)', parameters: [name, value] }
}

export function names(store: Store): string[] {
  return store.all('SELECT name FROM settings ORDER BY rowid').map((row) => String(row['name']))
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}
