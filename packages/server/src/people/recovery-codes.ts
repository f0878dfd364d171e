import type { Random } from '../lib/random.ts'
import { hashSecret } from './secrets.ts'

const COUNT = 10
/** 80 bits: too many to be found by trying, also from a stolen hash. */
const BYTES = 10
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** Ten codes such as `7k3m-x9qf-2d8p-h4rt`. */
export function newRecoveryCodes(random: Random): string[] {
  return Array.from({ length: COUNT }, () => {
    const bits = BigInt(`0x${Buffer.from(random.bytes(BYTES)).toString('hex')}`)
    const letters = Array.from({ length: 16 }, (_, at) => ALPHABET[Number((bits >> BigInt(at * 5)) & 31n)])
    return letters.join('').replaceAll(/(.{4})(?=.)/g, '$1-')
  })
}

/** As it is stored. Case, spaces and hyphens do not matter, and letters that look like digits are those digits. */
export function hashRecoveryCode(code: string): Uint8Array {
  const plain = code.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1')
  return hashSecret(plain)
}

/** Tells a recovery code from the digits of an authenticator app. */
export function looksLikeRecoveryCode(code: string): boolean {
  return code.replaceAll(/[\s-]/g, '').length === 16
}
