import { sign, verify, type KeyObject } from 'node:crypto'

/*
 * ES256 (RFC 7518 §3.4): R and S in 32 bytes each. Node writes them so when it is asked for `dsaEncoding`, but at twice the
 * price of the ASN.1 form that OpenSSL works in (66 instead of 27 µs); that form is one sequence of two short integers.
 */

export function signEs256(input: Buffer, privateKey: KeyObject): Buffer {
  return fromAsn1(sign('sha256', input, privateKey))
}

export function verifyEs256(input: Buffer, publicKey: KeyObject, signature: Buffer): boolean {
  return signature.length === SIGNATURE_BYTES && verify('sha256', input, publicKey, toAsn1(signature))
}

const HALF_BYTES = 32
const SIGNATURE_BYTES = 2 * HALF_BYTES
const SEQUENCE = 0x30
const INTEGER = 0x02
/** Tag and length; every length here is below 128, which takes one byte (X.690 §8.1.3.4). */
const HEAD_BYTES = 2

function fromAsn1(asn1: Buffer): Buffer {
  const signature = Buffer.alloc(SIGNATURE_BYTES)
  let at = HEAD_BYTES
  for (const half of [0, 1]) {
    const start = at + HEAD_BYTES
    const end = start + asn1[at + 1]!
    // Leading zeros are left out in the one form, and one is put before a high bit; the other has a fixed width.
    const from = Math.max(start, end - HALF_BYTES)
    asn1.copy(signature, (half + 1) * HALF_BYTES - (end - from), from, end)
    at = end
  }
  return signature
}

function toAsn1(signature: Buffer): Buffer {
  const r = toInteger(signature.subarray(0, HALF_BYTES))
  const s = toInteger(signature.subarray(HALF_BYTES))
  return Buffer.concat([Buffer.from([SEQUENCE, r.length + s.length]), r, s])
}

/** In the fewest bytes (X.690 §8.3.2), and not negative. */
function toInteger(half: Buffer): Buffer {
  let from = 0
  while (from < HALF_BYTES - 1 && half[from] === 0) from += 1
  const digits = half.subarray(from)
  const zero = digits[0]! > 0x7f ? [0] : []
  return Buffer.concat([Buffer.from([INTEGER, digits.length + zero.length, ...zero]), digits])
}
