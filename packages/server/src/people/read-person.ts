const MAX_EMAIL_LENGTH = 254
const MAX_NAME_LENGTH = 100

/** An address as it is compared: lower case. Undefined for what no mail would reach; that it is theirs is for a person to know. */
export function readEmail(text: string | undefined): string | undefined {
  const email = (text ?? '').trim().toLowerCase()
  if (email.length > MAX_EMAIL_LENGTH) return undefined
  return /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(email) ? email : undefined
}

/** A name as it is shown: no controls, and no marks that turn the direction of what stands beside it. */
export function readName(text: string | undefined): string | undefined {
  const name = (text ?? '').normalize('NFC').trim()
  if (name === '' || name.length > MAX_NAME_LENGTH) return undefined
  return /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u.test(name) ? undefined : name
}
