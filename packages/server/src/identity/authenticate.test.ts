import { expect, test } from 'vitest'
import { seededRandom } from '../lib/seeded-random.ts'
import {
  BOOTSTRAP_KEY_PREFIX,
  createBootstrapKey,
  createGatekeeper,
  hashKey,
  type StoredKey,
} from './index.ts'

const id = 'key_01JAAAAAAAAAAAAAAAAAAAAAAA' as const
const key = createBootstrapKey(seededRandom('identity'))
let keys: StoredKey[] = [{ id, hash: hashKey(key) }]
const gatekeeper = createGatekeeper({
  keys: () => keys,
  origin: () => 'http://localhost:4747',
  verifier: () => undefined,
  findApp: () => undefined,
  isGrantOver: () => false,
})

async function authenticate(header: string | undefined) {
  const who = await gatekeeper.authenticate(header, '/mcp')
  return who.kind === 'principal' ? who.principal : undefined
}

test('the right key is the administrator, first time and again', async () => {
  expect(key.startsWith(BOOTSTRAP_KEY_PREFIX)).toBe(true)
  for (let time = 0; time < 2; time++) expect((await authenticate(`Bearer ${key}`))?.roles).toEqual(['admin'])
  expect((await authenticate(`bearer ${key}`))?.subject).toBe(id)
})

test.each([
  ['nothing', undefined],
  ['an empty header', ''],
  ['a prefix of the key', `Bearer ${key.slice(0, -1)}`],
  ['the key with more behind it', `Bearer ${key}x`],
  ['another scheme', `Basic ${key}`],
  ['the bare key', key],
  ['a very long header', `Bearer ${'x'.repeat(100_000)}`],
])('%s is nobody, also after the right key was seen', async (_name, header) => {
  await authenticate(`Bearer ${key}`)
  expect(await authenticate(header)).toBeUndefined()
})

test('RS2, RS3, RS5: the challenge names the metadata and the scope, and an error only where there was a credential', async () => {
  const challengeOf = async (header: string | undefined) => {
    const who = await gatekeeper.authenticate(header, '/mcp/servers/files')
    if (who.kind === 'principal' || !('wwwAuthenticate' in who.error)) throw new Error('let in')
    return who.error.wwwAuthenticate
  }
  const where =
    'resource_metadata="http://localhost:4747/.well-known/oauth-protected-resource/mcp/servers/files"'
  expect(await challengeOf(undefined)).toBe(`Bearer scope="mcp", ${where}`)
  expect(await challengeOf(`Bearer ${BOOTSTRAP_KEY_PREFIX}wrong`)).toContain('error="invalid_token"')
  expect(await challengeOf(`Bearer ${BOOTSTRAP_KEY_PREFIX}wrong`)).toContain(where)
})

test('a key that was retired is nobody from then on, also when it was remembered', async () => {
  expect(await authenticate(`Bearer ${key}`)).toBeDefined()
  keys = []
  expect(await authenticate(`Bearer ${key}`)).toBeUndefined()
})
