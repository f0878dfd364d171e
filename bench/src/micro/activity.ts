import { createHash, hash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ActivityRecord } from '@parley/contract'
import { createActivity, type CallRecord } from '../../../packages/server/src/activity/index.ts'
import { toActivityRecord } from '../../../packages/server/src/activity/call-record.ts'
import { encodeRecord } from '../../../packages/server/src/activity/encode-record.ts'
import { systemClock } from '../../../packages/server/src/lib/clock.ts'
import { createNewId, systemRandom } from '../../../packages/server/src/lib/random.ts'
import { openStore, type Store } from '../../../packages/server/src/store/index.ts'
import { median } from '../kit/statistics.ts'

/**
 * What the record of a call costs: CPU µs per record on the main thread and on all others (the writer, mostly), with
 * real commits. `general` takes the way of a record of any kind: encoded whole, a batch split by SQLite's json_each.
 * Run it with `node bench/src/micro/activity.ts`.
 */

const ROUNDS = 15
const RECORDS_PER_ROUND = 16_384
const RECORDS_PER_FLUSH = 1024

const newId = createNewId(systemClock, systemRandom)
const subject = newId('key')
const principal = Object.freeze({
  subject,
  chain: Object.freeze([{ kind: 'key' as const, id: subject }]),
  roles: Object.freeze(['admin' as const]),
  assurance: { kind: 'bootstrap' as const },
})
const definitionHash = hash('sha256', 'a definition', 'base64url')
const argumentsDigest = hash('sha256', 'some arguments', 'base64url')

const DECISION = Object.freeze({
  kind: 'allow' as const,
  obligations: Object.freeze({}),
  policies: Object.freeze(['builtin:grant']),
  policyVersion: 1,
})

/** The call, as the gateway hands it over. */
function nextCall(at: number): CallRecord {
  const capability = `tool:everything/echo-${at & 7}` as const
  return {
    face: 'mcp',
    principal,
    action: 'tools/call',
    capability,
    definitionHash,
    decision: DECISION,
    argumentsDigest,
    at: systemClock.now(),
    requestId: newId('request'),
    traceId: undefined,
    catalogVersion: 12,
    peopleVersion: 0,
    result: 'ok',
    latencyMicros: 200 + (at & 255),
  }
}

type Way = (store: Store) => { add(at: number): void; flush(): Promise<unknown> }

const WAYS: Readonly<Record<string, Way>> = {
  general(store) {
    let waiting: string[] = []
    return {
      add: (at) => void waiting.push(encodeRecord(toActivityRecord(nextCall(at)) satisfies ActivityRecord)),
      flush() {
        const parameters = [`[${waiting.join(',')}]`]
        waiting = []
        const sql = 'INSERT INTO activity (record) SELECT value FROM json_each(?)'
        return store.submit([{ sql, parameters }])
      },
    }
  },
  call(store) {
    const activity = createActivity({
      store,
      clock: systemClock,
      mode: 'queued',
      onError: (error) => console.error(error),
    })
    return { add: (at) => void activity.recordCall(nextCall(at)), flush: () => activity.flush() }
  },
}

interface Cost {
  readonly main: number
  readonly others: number
}

async function measureRound({ add, flush }: ReturnType<Way>): Promise<Cost> {
  const mainBefore = process.threadCpuUsage()
  const allBefore = process.cpuUsage()
  for (let at = 1; at <= RECORDS_PER_ROUND; at++) {
    add(at)
    if (at % RECORDS_PER_FLUSH === 0) await flush()
  }
  const main = process.threadCpuUsage(mainBefore)
  const all = process.cpuUsage(allBefore)
  const mainUs = main.user + main.system
  return {
    main: mainUs / RECORDS_PER_ROUND,
    others: (all.user + all.system - mainUs) / RECORDS_PER_ROUND,
  }
}

async function compareWays(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-bench-activity-'))
  const store = await openStore(dataDir)
  const ways = Object.entries(WAYS).map(([name, way]) => ({ name, way: way(store), costs: [] as Cost[] }))
  for (const { way } of ways) await measureRound(way)
  for (let round = 0; round < ROUNDS; round++) {
    for (const { way, costs } of ways) costs.push(await measureRound(way))
  }
  for (const { name, costs } of ways) {
    const main = median(costs.map((cost) => cost.main))
    const others = median(costs.map((cost) => cost.others))
    print(`record, ${name}`, `main ${main.toFixed(2)}  other threads ${others.toFixed(2)}  (CPU µs a record)`)
  }
  await store[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true })
}

function compareHashes(): void {
  for (const bytes of [0, 60, 300, 10_000, 100_000]) {
    const data = Buffer.alloc(bytes, 'a rich body of arguments ')
    const streamed = time(() => createHash('sha256').update(data).digest('base64url'), bytes)
    const oneShot = time(() => hash('sha256', data, 'base64url'), bytes)
    print(`sha256, ${bytes} B`, `createHash ${streamed.toFixed(2)}  hash ${oneShot.toFixed(2)}  (µs)`)
  }
}

/** Median µs of one run. */
function time(work: () => unknown, bytes: number): number {
  const runs = bytes > 5000 ? 200 : 20_000
  const measure = () => {
    const start = performance.now()
    for (let run = 0; run < runs; run++) work()
    return ((performance.now() - start) * 1000) / runs
  }
  measure()
  return median(Array.from({ length: ROUNDS }, measure))
}

function print(what: string, figures: string): void {
  console.log(what.padEnd(20), figures)
}

await compareWays()
compareHashes()
print('newId', `${time(() => newId('request').charCodeAt(20), 0).toFixed(2)} (µs)`)
