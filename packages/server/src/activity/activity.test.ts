import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ActivityRecord } from '@parley/contract'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../lib/clock.ts'
import { canonicalJson } from '../lib/jcs.ts'
import { ManualClock } from '../lib/manual-clock.ts'
import { openStore, type Store } from '../store/index.ts'
import { createActivity, type Activity } from './index.ts'

interface Kit {
  readonly store: Store
  readonly activity: Activity
  readonly clock: ManualClock
  readonly errors: unknown[]
}

async function open(mode: 'queued' | 'strict', dataDir = directory()): Promise<Kit> {
  const store = await openStore(dataDir)
  const clock = new ManualClock()
  const errors: unknown[] = []
  const activity = createActivity({ store, clock, mode, onError: (error) => errors.push(error) })
  onTestFinished(async () => {
    await activity[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
  })
  return { store, activity, clock, errors }
}

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'parley-activity-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

function record(requestId: string, more: Partial<ActivityRecord> = {}): ActivityRecord {
  return {
    at: 1,
    face: 'mcp',
    action: 'tools/call',
    requestId,
    subject: 'key_1',
    chain: [],
    decision: 'allow',
    policies: [],
    policyVersion: 1,
    catalogVersion: 1,
    peopleVersion: 1,
    result: 'ok',
    latencyMicros: 5,
    ...more,
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const count = (store: Store) => Number(store.get('SELECT count(*) AS n FROM activity')?.['n'])
const requestIds = (activity: Activity) =>
  activity.list({ before: undefined, limit: 1000 }).map((row) => row.record.requestId)

test('queued records wait for 50 ms, then are stored in their order', async () => {
  const { store, activity, clock } = await open('queued')
  for (const name of ['a', 'b', 'c']) expect(activity.record(record(name))).toBeUndefined()
  clock.advance(49)
  expect(activity.status()).toEqual({ queued: 3, dropped: 0, lastSeq: 0 })
  clock.advance(1)
  await until(() => activity.status().queued === 0)
  expect(count(store)).toBe(3)
  expect(requestIds(activity)).toEqual(['c', 'b', 'a'])
  expect(clock.pendingTimers).toBe(0)
})

test('1,024 records are stored without waiting', async () => {
  const { store, activity } = await open('queued')
  for (let at = 0; at < 1024; at++) activity.record(record(`r${at}`))
  await until(() => activity.status().queued === 0)
  expect(count(store)).toBe(1024)
})

test('records that come while others are written are not forgotten', async () => {
  const { activity, clock } = await open('queued')
  for (let at = 0; at < 1024; at++) activity.record(record(`r${at}`))
  activity.record(record('late'))
  clock.advance(50)
  await until(() => activity.status().queued <= 1)
  clock.advance(50)
  await until(() => activity.status().queued === 0)
  expect(requestIds(activity)[0]).toBe('late')
})

test('in strict mode a record is on disk when its promise resolves', async () => {
  const { store, activity, clock } = await open('strict')
  await activity.record(record('a'))
  expect(count(store)).toBe(1)
  expect(clock.pendingTimers).toBe(0)
})

test('beyond its room the queue drops and counts the newest', async () => {
  const { store, activity } = await open('queued')
  for (let at = 0; at < 100_010; at++) activity.record(record(`r${at}`))
  expect(activity.status()).toMatchObject({ queued: 100_000, dropped: 10 })
  await activity.flush()
  expect(activity.status()).toEqual({ queued: 0, dropped: 10, lastSeq: 100_000 })
  expect(count(store)).toBe(100_000)
  expect(requestIds(activity)[0]).toBe('r99999')
})

test('the queue is bounded in characters too', async () => {
  const { activity } = await open('queued')
  for (let at = 0; at < 80; at++) activity.record(record(`r${at}`, { note: 'x'.repeat(1024 * 1024) }))
  expect(activity.status()).toMatchObject({ queued: 63, dropped: 17 })
  await activity.flush()
  activity.record(record('again'))
  expect(activity.status()).toMatchObject({ queued: 1, dropped: 17 })
})

test('a change of state and its record take effect together, and a conflict leaves no gap in seq', async () => {
  const { store, activity } = await open('queued')
  const change = (name: string) => ({
    sql: 'INSERT INTO settings VALUES (?, ?) ON CONFLICT DO NOTHING',
    parameters: [name, 'x'],
    expect: 'changed' as const,
  })
  const results = await Promise.all(
    ['a', 'b', 'a', 'c'].map((name) => store.submit([activity.statement(record(name)), change(name)])),
  )
  expect(results.map((result) => result.kind)).toEqual(['done', 'done', 'conflict', 'done'])
  const rows = activity.list({ before: undefined, limit: 10 })
  expect(rows.map((row) => [row.seq, row.record.requestId])).toEqual([
    [3, 'c'],
    [2, 'b'],
    [1, 'a'],
  ])
})

test('a seq is never given again, also after the newest rows are gone and the store was opened anew', async () => {
  const dataDir = directory()
  const first = await open('strict', dataDir)
  await first.activity.record(record('a'))
  await first.activity.record(record('b'))
  await first.store.submit([{ sql: 'DELETE FROM activity WHERE seq = 2', parameters: [] }])
  await first.store[Symbol.asyncDispose]()
  const second = await open('strict', dataDir)
  await second.activity.record(record('c'))
  expect(second.activity.status().lastSeq).toBe(3)
})

test('pages go from newest to oldest', async () => {
  const { activity } = await open('queued')
  for (let at = 1; at <= 5; at++) activity.record(record(`r${at}`))
  await activity.flush()
  const page = activity.list({ before: undefined, limit: 2 })
  expect(page.map((row) => row.seq)).toEqual([5, 4])
  expect(activity.list({ before: 4, limit: 9 }).map((row) => row.seq)).toEqual([3, 2, 1])
})

test('the stored text is the canonical JSON, byte for byte, whichever way it came', async () => {
  const { store, activity } = await open('queued')
  const notes = fc.sample(fc.string({ unit: 'binary', maxLength: 40 }), { numRuns: 1500, seed: 1 })
  const numbers = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), { numRuns: 1500, seed: 2 })
  const all = notes.map((note, at) => record(`r${at}`, { note, latencyMicros: numbers[at] ?? 0 }))
  for (const one of all) activity.record(one)
  await activity.flush()
  await store.submit(all.map((one) => activity.statement(one)))
  const stored = store.all('SELECT record FROM activity ORDER BY seq').map((row) => row['record'])
  const expected = all.map((one) => canonicalJson(one))
  expect(stored.slice(0, all.length)).toEqual(expected)
  expect(stored.slice(all.length)).toEqual(expected)
})

test('while the disk takes no writes records wait, and nothing is lost when it takes them again', async () => {
  const { store, activity, clock, errors } = await open('queued')
  await store.submit([{ sql: 'PRAGMA max_page_count = 1', parameters: [] }])
  const all = Array.from({ length: 600 }, (_, at) => `r${at}`)
  for (const name of all) activity.record(record(name, { note: 'x'.repeat(500) }))
  await activity.flush()
  expect(activity.status()).toEqual({ queued: 600, dropped: 0, lastSeq: 0 })
  expect(errors).toHaveLength(1)
  await store.submit([{ sql: 'PRAGMA max_page_count = 100000', parameters: [] }])
  clock.advance(1000)
  await until(() => activity.status().queued === 0)
  expect(requestIds(activity)).toEqual(all.toReversed())
  expect(activity.status()).toEqual({ queued: 0, dropped: 0, lastSeq: 600 })
})

test('closing stores what waits', async () => {
  const dataDir = directory()
  const store = await openStore(dataDir)
  const activity = createActivity({ store, clock: systemClock, mode: 'queued', onError: () => undefined })
  for (let at = 0; at < 300; at++) activity.record(record(`r${at}`))
  await activity[Symbol.asyncDispose]()
  expect(count(store)).toBe(300)
  await store[Symbol.asyncDispose]()
})
