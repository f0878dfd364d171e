import type { JsonWebKey } from 'node:crypto'
import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import { parseStrict, StrictJsonError } from '../../lib/strict-json/index.ts'
import type { A2aVersion } from '../operations.ts'
import { canonicalCard, type CardReading } from './canonical-card.ts'
import { readCardKey, verifyBytes } from './card-algorithms.ts'

/** A key that whoever verifies has chosen: nothing in a card can name another. */
export interface EnrolledCardKey {
  readonly kid: string
  readonly jwk: JsonWebKey
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number
}

export type CardTrust =
  | { readonly kind: 'verified'; readonly kid: string; readonly reading: CardReading }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'untrusted'; readonly reasons: readonly string[] }

export interface CardVerification {
  readonly keys: readonly EnrolledCardKey[]
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly version: A2aVersion
}

const MAX_SIGNATURES = 10
const MAX_HEADER_CHARS = 4096
const MAX_SIGNATURE_CHARS = 1024
const BASE64URL = /^[A-Za-z0-9_-]+$/

/** §8.4.1 first; then what §8.4.3 says without its exceptions. */
const READINGS: Readonly<Record<A2aVersion, readonly CardReading[]>> = {
  '1.0': ['presence', 'unset', 'plain'],
  '0.3': ['whole'],
}

/**
 * Whether one of the signatures of a card, as its JSON was received, is by a key that the caller chose (specification
 * §8.4.3, RFC 7515). `jku`, `jwk`, `x5u` and `x5c` of the header are never followed.
 */
export function verifyCard(card: JsonObject, verification: CardVerification): CardTrust {
  const { signatures } = card
  if (signatures === undefined || (Array.isArray(signatures) && signatures.length === 0))
    return { kind: 'unsigned' }
  if (!Array.isArray(signatures)) return untrusted('Its signatures are no list.')
  if (signatures.length > MAX_SIGNATURES) return untrusted(`It has more than ${MAX_SIGNATURES} signatures.`)
  const texts = canonicalTexts(card, verification.version)
  if (texts.length === 0) return untrusted('It has no canonical form (RFC 8785).')
  const reasons: string[] = []
  for (const signature of signatures) {
    const outcome = verifySignature(signature, texts, verification)
    if (typeof outcome !== 'string') return outcome
    reasons.push(outcome)
  }
  return { kind: 'untrusted', reasons }
}

interface CanonicalText {
  readonly reading: CardReading
  readonly payload: string
}

function canonicalTexts(card: JsonObject, version: A2aVersion): CanonicalText[] {
  try {
    return READINGS[version].map((reading) => ({
      reading,
      payload: Buffer.from(canonicalCard(card, reading)).toString('base64url'),
    }))
  } catch (error) {
    if (error instanceof TypeError) return []
    throw error
  }
}

/** Why it is not trusted, or that it is. */
function verifySignature(
  json: unknown,
  texts: readonly CanonicalText[],
  { keys, now }: CardVerification,
): CardTrust | string {
  const read = readSignature(json)
  if (typeof read === 'string') return read
  const { alg, kid, protectedHeader, signature } = read
  const enrolled = keys.find((key) => key.kid === kid)
  if (enrolled === undefined) return 'A signature is by a key that is not enrolled.'
  // Expired and revoked keys must not be used (§8.4.3).
  if (enrolled.expiresAt !== undefined && enrolled.expiresAt <= now)
    return 'The key of a signature has expired.'
  const key = readCardKey(enrolled.jwk, alg)
  if (key === undefined) return 'The algorithm of a signature does not fit the enrolled key.'
  for (const { reading, payload } of texts) {
    if (verifyBytes(alg, key, { input: `${protectedHeader}.${payload}`, signature }))
      return { kind: 'verified', kid, reading }
  }
  return 'A signature does not verify: the card is not the one that was signed.'
}

interface ReadSignature {
  readonly alg: string
  readonly kid: string
  readonly protectedHeader: string
  readonly signature: Buffer
}

function readSignature(json: unknown): ReadSignature | string {
  if (!isObject(json)) return 'A signature is no object.'
  const { protected: protectedHeader, signature, header: unprotected } = json
  if (!isBase64url(protectedHeader, MAX_HEADER_CHARS))
    return 'The protected header of a signature is not base64url.'
  if (!isBase64url(signature, MAX_SIGNATURE_CHARS)) return 'A signature is not base64url.'
  const header = readHeader(protectedHeader)
  if (header === undefined) return 'The protected header of a signature is not strict JSON.'
  // RFC 7515 §4.1.11: what is critical must be understood, and nothing is; §4: the two headers have no name in common.
  if (header['crit'] !== undefined || header['b64'] !== undefined)
    return 'A signature has extensions that nobody here understands.'
  if (
    isObject(unprotected) &&
    Object.keys(unprotected).some((name) => name === 'crit' || Object.hasOwn(header, name))
  )
    return 'The headers of a signature contradict each other.'
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || typeof kid !== 'string')
    return 'The protected header of a signature lacks alg or kid.'
  // A signature for another purpose, such as a token, is none for a card.
  if (typ !== undefined && typ !== 'JOSE') return 'A signature is of another type than JOSE.'
  return { alg, kid, protectedHeader, signature: Buffer.from(signature, 'base64url') }
}

function readHeader(text: string): JsonObject | undefined {
  try {
    const header = parseStrict(Buffer.from(text, 'base64url'))
    return isObject(header) ? header : undefined
  } catch (error) {
    if (error instanceof StrictJsonError) return undefined
    throw error
  }
}

function isBase64url(value: unknown, maxChars: number): value is string {
  return typeof value === 'string' && value.length <= maxChars && BASE64URL.test(value)
}

function untrusted(reason: string): CardTrust {
  return { kind: 'untrusted', reasons: [reason] }
}
