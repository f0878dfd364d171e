import type { CredentialHeaders } from './authorize-call.ts'

/** Shorter ones are no secrets, and would be found in words. */
const MIN_LENGTH = 8

/** A text without the secrets that were sent: services repeat them when they refuse them. */
export function hideCredential(text: string, credential: CredentialHeaders | undefined): string {
  const secrets = Object.values(credential ?? {})
    .flatMap((value) => [value, ...value.split(' ').slice(1)])
    .flatMap((value) => [value, encodeURIComponent(value)])
    .filter((value) => value.length >= MIN_LENGTH)
    .toSorted((one, other) => other.length - one.length)
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '[credential]'), text)
}
