import { createPublicKey } from 'node:crypto'
import { problem } from './metadata-problem.ts'
import type { MetadataProblem } from './metadata-problem.ts'

/** A public key of a client, with the members that verification needs and no other. */
export type PublicJwk = Readonly<Record<string, string>>

export interface PublicJwks {
  readonly keys: readonly PublicJwk[]
}

const MAX_KEYS = 10
const MAX_MEMBER_LENGTH = 2048
const RSA_BITS = { min: 2048, max: 4096 }

/** By key type: what makes the key, and what would make it private (RFC 7518 §6, RFC 8037 §2). */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ['kty', 'crv', 'x', 'y'],
  OKP: ['kty', 'crv', 'x'],
  RSA: ['kty', 'n', 'e'],
}
const CURVES: Readonly<Record<string, readonly string[]>> = {
  EC: ['P-256', 'P-384', 'P-521'],
  OKP: ['Ed25519'],
}
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']
const HINTS = ['kid', 'alg', 'use']

/** Reads a JWK Set (RFC 7517) of public signature keys. One private or symmetric key refuses the whole set. */
export function checkJwks(value: unknown): PublicJwks | MetadataProblem {
  const keys = isRecord(value) ? value['keys'] : undefined
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MAX_KEYS)
    return problem(`jwks must be a JWK Set of 1 to ${MAX_KEYS} keys.`)
  const read: PublicJwk[] = []
  for (const key of keys) {
    const checked = checkJwk(key)
    if (typeof checked === 'string') return problem(checked)
    read.push(checked)
  }
  const kids = read.flatMap((key) => key['kid'] ?? [])
  if (new Set(kids).size !== kids.length) return problem('jwks holds two keys of the same kid.')
  return { keys: read }
}

function checkJwk(value: unknown): PublicJwk | string {
  if (!isRecord(value)) return 'A key of jwks is not an object.'
  if (PRIVATE.some((member) => member in value))
    return 'jwks must hold public keys only; treat the private key in it as leaked and make a new one.'
  const members = MEMBERS[String(value['kty'])]
  if (!members) return 'A key of jwks must be of type EC, OKP or RSA.'
  const curves = CURVES[String(value['kty'])]
  if (curves && !curves.includes(String(value['crv'])))
    return `A key of jwks must be on one of: ${curves.join(', ')}.`
  if (value['use'] !== undefined && value['use'] !== 'sig') return 'A key of jwks must be for signatures.'
  const jwk: Record<string, string> = {}
  for (const member of [...members, ...HINTS]) {
    const text = value[member]
    if (text === undefined && HINTS.includes(member)) continue
    if (typeof text !== 'string' || text === '' || text.length > MAX_MEMBER_LENGTH)
      return `"${member}" of a key in jwks is not usable.`
    jwk[member] = text
  }
  return proveKey(jwk) ?? jwk
}

/** A point off its curve or a short modulus is found now, not at the first signature. */
function proveKey(jwk: PublicJwk): string | undefined {
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: { ...jwk }, format: 'jwk' })
    const bits = asymmetricKeyDetails?.modulusLength
    if (bits !== undefined && (bits < RSA_BITS.min || bits > RSA_BITS.max))
      return `An RSA key of jwks must have ${RSA_BITS.min} to ${RSA_BITS.max} bits.`
    return undefined
  } catch {
    return 'A key of jwks is not a valid public key.'
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
