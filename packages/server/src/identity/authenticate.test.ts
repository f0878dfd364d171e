import { expect, test } from 'vitest'
import { seededRandom } from '../lib/seeded-random.ts'
import { BOOTSTRAP_KEY_PREFIX, createAuthenticate, createBootstrapKey, hashKey } from './index.ts'

const id = 'key_01JAAAAAAAAAAAAAAAAAAAAAAA' as const
const key = createBootstrapKey(seededRandom('identity'))
const authenticate = createAuthenticate([{ id, hash: hashKey(key) }])

test('the right key is the administrator, first time and again', () => {
  expect(key.startsWith(BOOTSTRAP_KEY_PREFIX)).toBe(true)
  for (let time = 0; time < 2; time++) expect(authenticate(`Bearer ${key}`)?.roles).toEqual(['admin'])
  expect(authenticate(`bearer ${key}`)?.subject).toBe(id)
})

test.each([
  ['nothing', undefined],
  ['an empty header', ''],
  ['a prefix of the key', `Bearer ${key.slice(0, -1)}`],
  ['the key with more behind it', `Bearer ${key}x`],
  ['another scheme', `Basic ${key}`],
  ['the bare key', key],
  ['a very long header', `Bearer ${'x'.repeat(100_000)}`],
])('%s is nobody, also after the right key was seen', (_name, header) => {
  authenticate(`Bearer ${key}`)
  expect(authenticate(header)).toBeUndefined()
})
