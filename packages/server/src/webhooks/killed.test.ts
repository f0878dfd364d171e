import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { openSink, textOf } from './test-kit.ts'

const EVENTS = 200
const KILLS = 3
let dataDir = ''
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

test('R30: 200 events, killed -9 three times, a receiver that fails: all are told in order, each with one id', async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-killed-'))
  await using sink = await openSink()
  let count = 0
  sink.answer = () => (++count % 3 === 0 ? 500 : 200)
  // What was acknowledged to be on disk, whatever became of the process.
  let written = 0
  for (let kill = 0; kill <= KILLS; kill++) {
    const until = kill === KILLS ? EVENTS : Math.min(EVENTS, written + 30 + kill * 20)
    written = await runAndKill({ sink: sink.url, first: written, last: EVENTS, until })
    if (kill === KILLS) expect(written).toBe(EVENTS)
  }
  const last = () => sink.requests.filter(({ status }) => status === 200).map((one) => Number(textOf(one)))
  expect(last().at(-1)).toBe(EVENTS - 1)
  expect(last()).toEqual(last().toSorted((left, right) => left - right))
  expect(new Set(last()).size).toBe(EVENTS)
  const ids = new Map(sink.requests.map((request) => [textOf(request), request.headers['parley-event-id']]))
  expect(new Set(ids.values()).size).toBe(EVENTS)
  for (const request of sink.requests)
    expect(request.headers['parley-event-id']).toBe(ids.get(textOf(request)))

  /** Answers how many are on disk. The last one lives until its last event was taken. */
  async function runAndKill(run: { sink: string; first: number; last: number; until: number }) {
    const script = join(import.meta.dirname, 'deliver-until-killed.ts')
    const argv = [script, dataDir, run.sink, String(run.first), String(run.last)]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    let next = run.first
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'begun') continue
      next = Number(line) + 1
      if (next < run.until) continue
      if (next === run.last) while (last().at(-1) !== run.last - 1) await sleep()
      child.kill('SIGKILL')
    }
    await exited
    return next
  }
}, 60_000)

function sleep(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10))
}
