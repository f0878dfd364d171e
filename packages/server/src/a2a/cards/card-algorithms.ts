import { constants, createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto'

interface CardAlgorithm {
  readonly hash: string | undefined
  readonly options: { dsaEncoding?: 'ieee-p1363'; padding?: number; saltLength?: number }
}

const EC = { dsaEncoding: 'ieee-p1363' } as const
const PKCS1 = { padding: constants.RSA_PKCS1_PADDING } as const
const PSS = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
} as const

/** The asymmetric algorithms of RFC 7518 and RFC 8037: no `none`, and none with a shared secret. */
const ALGORITHMS: ReadonlyMap<string, CardAlgorithm> = new Map<string, CardAlgorithm>([
  ['ES256', { hash: 'sha256', options: EC }],
  ['ES384', { hash: 'sha384', options: EC }],
  ['ES512', { hash: 'sha512', options: EC }],
  ['EdDSA', { hash: undefined, options: {} }],
  ['Ed25519', { hash: undefined, options: {} }],
  ['RS256', { hash: 'sha256', options: PKCS1 }],
  ['RS384', { hash: 'sha384', options: PKCS1 }],
  ['RS512', { hash: 'sha512', options: PKCS1 }],
  ['PS256', { hash: 'sha256', options: PSS }],
  ['PS384', { hash: 'sha384', options: PSS }],
  ['PS512', { hash: 'sha512', options: PSS }],
])

const CURVES: Readonly<Record<string, string>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' }
const MIN_RSA_BITS = 2048

/** The public key of a JWK, if it is one that may check `alg`; undefined where it is not. */
export function readCardKey(jwk: JsonWebKey, alg: string): KeyObject | undefined {
  if (!fits(jwk, alg)) return undefined
  const { kty, crv, x, y, n, e } = jwk
  try {
    const key = createPublicKey({ format: 'jwk', key: definedOnly({ kty, crv, x, y, n, e }) })
    const bits = key.asymmetricKeyDetails?.modulusLength
    return bits !== undefined && bits < MIN_RSA_BITS ? undefined : key
  } catch {
    // Not a key at all: whoever enrols one hears of it from `isCardKey`.
    return undefined
  }
}

/** Whether a JWK can be enrolled: an asymmetric key of a kind that signs cards. */
export function isCardKey(jwk: JsonWebKey): boolean {
  return [...ALGORITHMS.keys()].some((alg) => readCardKey(jwk, alg) !== undefined)
}

export function verifyBytes(
  alg: string,
  key: KeyObject,
  signed: { readonly input: string; readonly signature: Buffer },
): boolean {
  const algorithm = ALGORITHMS.get(alg)
  if (algorithm === undefined) return false
  const { hash, options } = algorithm
  return verify(hash, Buffer.from(signed.input), { key, ...options }, signed.signature)
}

/** A key has one purpose: what its own `alg`, `use` and `key_ops` say wins (RFC 7517 §4). */
function fits(jwk: JsonWebKey, alg: string): boolean {
  if (!ALGORITHMS.has(alg)) return false
  if (jwk['alg'] !== undefined && jwk['alg'] !== alg) return false
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') return false
  const operations = jwk['key_ops']
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false
  if (jwk.kty === 'EC') return CURVES[jwk.crv ?? ''] === alg
  if (jwk.kty === 'OKP') return jwk.crv === 'Ed25519' && (alg === 'EdDSA' || alg === 'Ed25519')
  return jwk.kty === 'RSA' && /^[RP]S/.test(alg)
}

function definedOnly(members: Record<string, string | undefined>): JsonWebKey {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
