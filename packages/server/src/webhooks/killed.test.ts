import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { openSink, textOf, type Sink } from './test-kit.ts'

const EVENTS_A_RUN = 60
const KILLED_AFTER = [15, 40, 55]
let dataDir = ''
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

test('R30: killed -9 three times, a receiver that fails: all that was on disk is told, in order, each with one id', async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-killed-'))
  await using sink = await openSink()
  let count = 0
  sink.answer = () => (++count % 3 === 0 ? 500 : 200)
  const onDisk: number[] = []
  for (const [run, killAfter] of [...KILLED_AFTER, EVENTS_A_RUN].entries())
    onDisk.push(...(await runAndKill(sink, run, killAfter)))

  const told = acknowledged(sink)
  expect(onDisk.length).toBeGreaterThanOrEqual(15 + 40 + 55 + EVENTS_A_RUN)
  expect(onDisk.filter((number) => !told.includes(number))).toEqual([])
  // Never back: what comes again comes before the next one.
  expect(told).toEqual(told.toSorted((left, right) => left - right))
  const ids = new Map(sink.requests.map((request) => [textOf(request), request.headers['parley-event-id']]))
  expect(new Set(ids.values()).size).toBe(ids.size)
  for (const request of sink.requests)
    expect(request.headers['parley-event-id']).toBe(ids.get(textOf(request)))
}, 60_000)

/** Answers what was on disk when it was killed; the last one lives until all of that was told. */
async function runAndKill(sink: Sink, run: number, killAfter: number): Promise<number[]> {
  const script = join(import.meta.dirname, 'deliver-until-killed.ts')
  const argv = [script, dataDir, sink.url, String(run), String(EVENTS_A_RUN)]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const onDisk: number[] = []
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      onDisk.push(Number(line))
      if (killAfter === EVENTS_A_RUN && onDisk.length === killAfter)
        while (acknowledged(sink).at(-1) !== onDisk.at(-1)) await sleep()
      if (onDisk.length >= killAfter) child.kill('SIGKILL')
    }
  } finally {
    child.kill('SIGKILL')
  }
  await exited
  return onDisk
}

function acknowledged(sink: Sink): number[] {
  return sink.requests.filter(({ status }) => status === 200).map((request) => Number(textOf(request)))
}

function sleep(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10))
}
