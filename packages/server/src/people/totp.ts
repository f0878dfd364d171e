import { Secret, TOTP } from 'otpauth'
import type { Random } from '../lib/random.ts'

const SECRET_BYTES = 20
const PERIOD_SECONDS = 30
const DIGITS = 6
/** Steps before and after the current one that are taken too: clocks of phones differ (RFC 6238 §5.2). */
const WINDOW = 1

export function newTotpSecret(random: Random): Uint8Array {
  return random.bytes(SECRET_BYTES)
}

/** What an authenticator app reads from the QR code. */
export function totpUri(
  secret: Uint8Array,
  account: { readonly email: string; readonly host: string },
): string {
  return totp(secret, { issuer: `Parley (${account.host})`, label: account.email }).toString()
}

/** The secret for people who cannot use the QR code: base32 in groups of four. */
export function totpText(secret: Uint8Array): string {
  return new Secret({ buffer: toArrayBuffer(secret) }).base32.replaceAll(/(.{4})(?=.)/g, '$1 ')
}

/** The time step whose code this is; undefined when it is the code of none that is taken now. */
export function findTotpStep(secret: Uint8Array, code: string, nowMs: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined
  const delta = totp(secret).validate({ token: code, timestamp: nowMs, window: WINDOW })
  return delta === null ? undefined : Math.floor(nowMs / 1000 / PERIOD_SECONDS) + delta
}

function totp(secret: Uint8Array, names: { issuer?: string; label?: string } = {}): TOTP {
  return new TOTP({
    ...names,
    secret: new Secret({ buffer: toArrayBuffer(secret) }),
    algorithm: 'SHA1',
    digits: DIGITS,
    period: PERIOD_SECONDS,
  })
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
