import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { COLUMN, countOpening, fill, keyFileOf, newDataDir, openIn, removeDataDirs } from './test-kit.ts'

const SECRETS = 10_000
const KILLS = 5
const directories: string[] = []
afterEach(() => removeDataDirs(directories))

/** Runs it and kills it so many milliseconds after it has begun; true when it was done before. */
async function runAndKill(dataDir: string, action: 'rotate' | 'resume', afterMs: number): Promise<boolean> {
  const script = join(import.meta.dirname, 'rotate-until-killed.ts')
  const child = spawn(process.execPath, [script, dataDir, action], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let isDone = false
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'begun') setTimeout(() => child.kill('SIGKILL'), afterMs)
    else isDone = true
    if (isDone) child.kill('SIGKILL')
  }
  await exited
  return isDone
}

test('R24: 10,000 secrets, killed -9 midway several times: all open at every step, and the old key goes', async () => {
  const dataDir = newDataDir()
  directories.push(dataDir)
  {
    await using opened = await openIn(dataDir)
    await fill(opened, SECRETS)
  }
  const remaining: number[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    await runAndKill(dataDir, kill === 0 ? 'rotate' : 'resume', kill * 20)
    await using opened = await openIn(dataDir)
    expect(countOpening(opened)).toBe(SECRETS)
    remaining.push(
      opened.store.all(
        'SELECT 1 FROM signing_keys WHERE substr(sealed_private_key, 2, 8) <> ?',
        keyOf(opened),
      ).length,
    )
  }
  expect(remaining).toEqual(remaining.toSorted((one, other) => other - one))
  expect(remaining[0]).toBeGreaterThan(0)
  while (!(await runAndKill(dataDir, 'resume', 60_000)));
  {
    await using opened = await openIn(dataDir)
    opened.masterKeys.start([COLUMN])
    expect(opened.masterKeys.view()).toMatchObject({ rotation: null, old: [expect.any(String)] })
    await opened.masterKeys.forget('test')
  }
  expect(readFileSync(keyFileOf(dataDir), 'utf8').trim().split('\n')).toHaveLength(1)
  await using alone = await openIn(dataDir)
  expect(countOpening(alone)).toBe(SECRETS)
}, 120_000)

function keyOf({ masterKeys }: Awaited<ReturnType<typeof openIn>>): Buffer {
  return Buffer.from(masterKeys.view().current, 'hex')
}
