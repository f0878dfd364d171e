import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { createSealer } from './index.ts'
import { keyFileOf, newDataDir, openIn, removeDataDirs } from './test-kit.ts'

const place = { table: 'passkeys', column: 'secret', id: 'a' }
const sealer = createSealer(systemRandom.bytes(32), systemRandom)
const directories: string[] = []

afterEach(() => removeDataDirs(directories))

function dataDirectory(): string {
  const directory = newDataDir()
  directories.push(directory)
  return directory
}

async function sealerIn(dataDir: string) {
  await using opened = await openIn(dataDir)
  return opened.sealer
}

test('what was sealed opens in its own place, and never looks alike twice', () => {
  const sealed = sealer.seal('zzSECRET', place)
  expect(sealer.open(sealed, place).toString()).toBe('zzSECRET')
  expect(sealed.includes('zzSECRET')).toBe(false)
  expect(sealer.seal('zzSECRET', place).equals(sealed)).toBe(false)
})

test.each([
  ['another row', { ...place, id: 'b' }],
  ['another column', { ...place, column: 'name' }],
  ['another table', { ...place, table: 'people' }],
])('S4: it does not open in %s', (_name, other) => {
  expect(() => sealer.open(sealer.seal('x', place), other)).toThrow('cannot be opened')
})

test('any altered bit is noticed', () => {
  const sealed = sealer.seal('x', place)
  for (let at = 0; at < sealed.length; at++) {
    const altered = Buffer.from(sealed)
    altered[at]! ^= 1
    expect(() => sealer.open(altered, place)).toThrow('cannot be opened')
  }
})

test('keys for purposes differ from one another and stay the same', () => {
  expect(sealer.derive('a').equals(sealer.derive('a'))).toBe(true)
  expect(sealer.derive('a').equals(sealer.derive('b'))).toBe(false)
})

test('the master key is made once, for its owner alone, and opens what was sealed before a restart', async () => {
  const dataDir = dataDirectory()
  const sealed = (await sealerIn(dataDir)).seal('kept', place)
  expect(statSync(keyFileOf(dataDir)).mode & 0o077).toBe(0)
  expect((await sealerIn(dataDir)).open(sealed, place).toString()).toBe('kept')
})

test('S6: a key that others may read, another key, a broken and a missing one stop the start', async () => {
  const dataDir = dataDirectory()
  const file = keyFileOf(dataDir)
  await sealerIn(dataDir)
  const right = readFileSync(file)
  chmodSync(file, 0o644)
  await expect(sealerIn(dataDir)).rejects.toThrow('chmod 600')
  chmodSync(file, 0o600)
  writeFileSync(file, Buffer.alloc(32, 7).toString('base64'))
  await expect(sealerIn(dataDir)).rejects.toThrow('not the key of this database')
  writeFileSync(file, 'short')
  await expect(sealerIn(dataDir)).rejects.toThrow('does not hold a key')
  rmSync(file)
  await expect(sealerIn(dataDir)).rejects.toThrow('missing')
  writeFileSync(file, right, { mode: 0o600 })
  await expect(sealerIn(dataDir)).resolves.toBeDefined()
})
