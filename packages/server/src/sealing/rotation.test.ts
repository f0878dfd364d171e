import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import {
  COLUMN,
  countOpening,
  fill,
  keyFileOf,
  newDataDir,
  openIn,
  placeOf,
  removeDataDirs,
} from './test-kit.ts'

const directories: string[] = []
afterEach(() => removeDataDirs(directories))

function dataDirectory(): string {
  const directory = newDataDir()
  directories.push(directory)
  return directory
}

const newKey = () => Buffer.from(systemRandom.bytes(32)).toString('base64')
const keysIn = (dataDir: string) => readFileSync(keyFileOf(dataDir), 'utf8').trim().split('\n')

test('R24: after a rotation everything opens, and the old key can be thrown away', async () => {
  const dataDir = dataDirectory()
  await using opened = await openIn(dataDir)
  await fill(opened, 1000)
  const { masterKeys } = opened
  masterKeys.start([COLUMN])
  const before = masterKeys.view().current
  await masterKeys.rotate('ada')
  await expect(masterKeys.rotate('bob')).rejects.toThrow('under way')
  await expect(masterKeys.forget('bob')).rejects.toThrow('still sealed')
  expect(countOpening(opened)).toBe(1000)
  await masterKeys.settled()
  expect(masterKeys.view()).toMatchObject({ old: [before], rotation: null })
  expect(keysIn(dataDir)).toHaveLength(2)
  await masterKeys.forget('ada')
  expect(keysIn(dataDir)).toHaveLength(1)
  expect(countOpening(opened)).toBe(1000)
  const records = opened.store.all('SELECT record FROM activity').map((row) => String(row['record']))
  const actions = records.map((record) => (JSON.parse(record) as { action: string }).action)
  expect(actions).toEqual(['key.rotate-master', 'key.master-rotated', 'key.forget-master'])
  for (const key of keysIn(dataDir)) expect(records.join()).not.toContain(key)
})

test('R24: a rotation that was stopped midway is taken up by the next start, with both keys meanwhile', async () => {
  const dataDir = dataDirectory()
  {
    await using opened = await openIn(dataDir)
    await fill(opened, 1000)
    opened.masterKeys.start([COLUMN])
    await opened.masterKeys.rotate('ada')
  }
  await using again = await openIn(dataDir)
  expect(again.masterKeys.view().rotation).not.toBeNull()
  expect(countOpening(again)).toBe(1000)
  again.masterKeys.start([COLUMN])
  expect(again.masterKeys.view().rotation!.remaining).toBeGreaterThan(0)
  await again.masterKeys.settled()
  expect(again.masterKeys.view().rotation).toBeNull()
  expect(countOpening(again)).toBe(1000)
})

test('a key that is taken out before all is done stops the start, and says which is missing', async () => {
  const dataDir = dataDirectory()
  let old: string
  {
    await using opened = await openIn(dataDir)
    await fill(opened, 1000)
    opened.masterKeys.start([COLUMN])
    old = opened.masterKeys.view().current
    await opened.masterKeys.rotate('ada')
  }
  const [first, second] = keysIn(dataDir)
  writeFileSync(keyFileOf(dataDir), first!)
  await expect(openIn(dataDir)).rejects.toThrow(`lacks the key ${old}`)
  writeFileSync(keyFileOf(dataDir), `${first}\n${second}`)
  await using again = await openIn(dataDir)
  expect(countOpening(again)).toBe(1000)
})

test('the environment gives the key: a new one before it begins a rotation at the start', async () => {
  const dataDir = dataDirectory()
  const [old, next] = [newKey(), newKey()]
  const from = (text: string) => openIn(dataDir, { kind: 'environment', text })
  {
    await using opened = await from(old)
    await fill(opened, 300)
    opened.masterKeys.start([COLUMN])
    await expect(opened.masterKeys.rotate('ada')).rejects.toThrow('put a new one before it')
  }
  await expect(from(next)).rejects.toThrow('not the key of this database')
  {
    await using opened = await from(`${next} ${old}`)
    opened.masterKeys.start([COLUMN])
    await opened.masterKeys.settled()
    await expect(opened.masterKeys.forget('ada')).rejects.toThrow('take it out of PARLEY_MASTER_KEY')
  }
  await using opened = await from(next)
  expect(countOpening(opened)).toBe(300)
})

test('a command gives the key, and nothing that it says comes into an error', async () => {
  const dataDir = dataDirectory()
  const script = join(dataDir, 'print-key.mjs')
  const key = newKey()
  const command = { kind: 'command', program: process.execPath, args: [script], environment: {} } as const
  const say = (text: string) => writeFileSync(script, text)
  say(`process.stdout.write(${JSON.stringify(key)}); process.stdin.resume()`)
  {
    await using opened = await openIn(dataDir, command)
    await fill(opened, 10)
  }
  say(`console.log('zzSECRETout'); console.error('zzSECRETerr'); process.exit(3)`)
  const failed = await openIn(dataDir, command).catch((error: unknown) => String(error))
  expect(failed).toMatch(/command for the master key.*failed \(3\)/)
  expect(failed).not.toContain('zzSECRET')
  say(`process.stdout.write('zzSECRETshort')`)
  const short = await openIn(dataDir, command).catch((error: unknown) => String(error))
  expect(short).toContain('does not hold a key')
  expect(short).not.toContain('zzSECRET')
  say(`process.stdout.write('A'.repeat(100_000))`)
  await expect(openIn(dataDir, command)).rejects.toThrow('MAXBUFFER')
})

test('a secret that no key opens stops neither the rotation nor its end, and is told of', async () => {
  const dataDir = dataDirectory()
  await using opened = await openIn(dataDir)
  await fill(opened, 300)
  const broken = opened.sealer.seal('x', placeOf('elsewhere'))
  await opened.store.submit([
    { sql: "UPDATE signing_keys SET sealed_private_key = ? WHERE kid = 'id-000007'", parameters: [broken] },
    { sql: "UPDATE signing_keys SET sealed_private_key = x'' WHERE kid = 'id-000008'", parameters: [] },
  ])
  opened.masterKeys.start([COLUMN])
  await opened.masterKeys.rotate('ada')
  await opened.masterKeys.settled()
  expect(opened.masterKeys.view().rotation).toBeNull()
  const left = opened.store.all('SELECT kid, sealed_private_key AS sealed FROM signing_keys')
  const opening = left.filter(({ kid, sealed }) => {
    try {
      return opened.sealer.open(sealed as Uint8Array, placeOf(String(kid))).length > 0
    } catch {
      return false
    }
  })
  expect(opening).toHaveLength(298)
  await opened.masterKeys.forget('ada')
})

test('S6: a key file that others may read is refused, also with two keys in it', async () => {
  const dataDir = dataDirectory()
  {
    await using opened = await openIn(dataDir)
    opened.masterKeys.start([COLUMN])
    await opened.masterKeys.rotate('ada')
    await opened.masterKeys.settled()
  }
  chmodSync(keyFileOf(dataDir), 0o640)
  await expect(openIn(dataDir)).rejects.toThrow('chmod 600')
})
