import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { readCredentials } from './read-credentials.ts'

const directory = mkdtempSync(join(tmpdir(), 'parley-credentials-'))
const file = join(directory, 'credentials.json')

afterEach(() => rmSync(file, { force: true }))
afterAll(() => rmSync(directory, { recursive: true }))

function write(text: string, mode = 0o600): void {
  writeFileSync(file, text)
  chmodSync(file, mode)
}

test('the url and the key are read, and no other field', () => {
  write(JSON.stringify({ url: 'http://localhost:4747/', key: 'parley_admin_abc', more: 1 }))
  expect(readCredentials(directory)).toEqual({ url: 'http://localhost:4747', key: 'parley_admin_abc' })
})

test.each([0o640, 0o604, 0o620, 0o602, 0o644])(
  'a file of mode %o is refused and its key not told',
  (mode) => {
    write(JSON.stringify({ url: 'http://localhost:4747', key: 'parley_admin_secret' }), mode)
    const read = () => readCredentials(directory)
    expect(read).toThrow(expect.objectContaining({ hint: expect.stringContaining('chmod 600') }))
    expect(read).not.toThrow(/secret/)
  },
)

test('a missing file says how to get one', () => {
  const hint = expect.stringMatching(/parley serve.*--data-dir/)
  expect(() => readCredentials(directory)).toThrow(expect.objectContaining({ hint }))
})

test.each([
  ['no JSON', '{'],
  ['null', 'null'],
  ['no url', '{"key":"k"}'],
  ['a url of another scheme', '{"url":"file:///etc/passwd","key":"k"}'],
  ['a key that would end a header', '{"url":"http://localhost:1","key":"a\\r\\nb: c"}'],
])('a damaged file is refused: %s', (_what, text) => {
  write(text)
  expect(() => readCredentials(directory)).toThrow(/damaged/)
})
