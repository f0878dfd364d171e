import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { signEs256, verifyEs256 } from './es256.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const inJoseForm = <key>(key: key) => ({ key, dsaEncoding: 'ieee-p1363' as const })

/** Enough that R and S begin with a zero byte, or with a high bit, many times. */
const SIGNATURES = 2000

test('RFC 7518 §3.4: what is signed has the form that OpenSSL writes itself, whatever the numbers begin with', () => {
  let withZero = 0
  for (let at = 0; at < SIGNATURES; at++) {
    const input = Buffer.from(`input ${at}`)
    const signature = signEs256(input, privateKey)
    expect(signature).toHaveLength(64)
    if (signature[0] === 0 || signature[32] === 0) withZero += 1
    if (!verify('sha256', input, inJoseForm(publicKey), signature)) throw new Error(signature.toString('hex'))
  }
  expect(withZero).toBeGreaterThan(0)
})

test('RFC 7518 §3.4: what OpenSSL signed in that form is verified, and nothing next to it', () => {
  for (let at = 0; at < SIGNATURES; at++) {
    const input = Buffer.from(`input ${at}`)
    const signature = sign('sha256', input, inJoseForm(privateKey))
    if (!verifyEs256(input, publicKey, signature)) throw new Error(signature.toString('hex'))
    signature[at % 64]! ^= 1 << (at % 8)
    if (verifyEs256(input, publicKey, signature)) throw new Error(signature.toString('hex'))
  }
})

test('A13: a signature of another length or form is none', () => {
  const input = Buffer.from('input')
  const good = signEs256(input, privateKey)
  for (const bad of [
    Buffer.alloc(0),
    Buffer.alloc(64),
    Buffer.alloc(64, 0xff),
    good.subarray(0, 63),
    Buffer.concat([good, Buffer.alloc(1)]),
    sign('sha256', input, privateKey),
  ])
    expect(verifyEs256(input, publicKey, bad)).toBe(false)
  expect(verifyEs256(Buffer.from('other'), publicKey, good)).toBe(false)
})
