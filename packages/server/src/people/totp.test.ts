import { expect, test } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { hashRecoveryCode, looksLikeRecoveryCode, newRecoveryCodes } from './recovery-codes.ts'
import { findTotpStep, newTotpSecret, totpText, totpUri } from './totp.ts'

/** RFC 6238 Appendix B, SHA-1, the last six of its eight digits. */
const SECRET = Buffer.from('12345678901234567890')

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
])(
  'RFC 6238: at second %i the code is %s, also for a clock that is one step off, and no further',
  (at, code) => {
    const step = Math.floor(at / 30)
    expect(findTotpStep(SECRET, code, at * 1000)).toBe(step)
    expect(findTotpStep(SECRET, code, (at + 30) * 1000)).toBe(step)
    expect(findTotpStep(SECRET, code, (at - 30) * 1000)).toBe(step)
    expect(findTotpStep(SECRET, code, (at + 60) * 1000)).toBeUndefined()
  },
)

test.each(['', '28708', '2870822', 'abcdef', '２８７０８２', '28 082'])('%j is no code', (code) => {
  expect(findTotpStep(SECRET, code, 59_000)).toBeUndefined()
})

test('a new key has 160 bits, and says whose it is to the app alone', () => {
  const secret = newTotpSecret(systemRandom)
  expect(secret.length).toBe(20)
  const uri = new URL(totpUri(secret, { email: 'a&b@example.com', host: 'hub.example' }))
  expect(uri.protocol).toBe('otpauth:')
  expect(uri.searchParams.get('secret')).toBe(totpText(secret).replaceAll(' ', ''))
  expect(decodeURIComponent(uri.pathname)).toContain('a&b@example.com')
})

test('recovery codes are many, different, and read with whatever people make of them', () => {
  const codes = newRecoveryCodes(systemRandom)
  expect(new Set(codes).size).toBe(10)
  for (const code of codes) {
    expect(code).toMatch(/^(?:[0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/)
    expect(looksLikeRecoveryCode(code)).toBe(true)
    const typed = ` ${code.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'l')} `
    expect(Buffer.from(hashRecoveryCode(typed)).equals(hashRecoveryCode(code))).toBe(true)
  }
  expect(looksLikeRecoveryCode('123456')).toBe(false)
})
