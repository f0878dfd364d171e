import { ParleyError } from '@parley/contract'
import type { TaskPushNotificationConfig } from '../a2a/index.ts'
import { isFieldToken, isFieldValue } from '../lib/header-value.ts'

export interface CheckedConfig {
  /** Undefined where the hub gives one. */
  readonly name: string | undefined
  readonly url: string
  readonly scheme: string | undefined
  readonly credentials: string | undefined
  readonly token: string | undefined
}

const MAX_NAME_LENGTH = 128
const MAX_URL_LENGTH = 2048
const MAX_SCHEME_LENGTH = 64
const MAX_SECRET_LENGTH = 8192

/**
 * What a client may set (specification §4.3.1). An empty text is one that is not there, as in `a2a.proto`. Throws
 * `invalid_params`, never with a credential in its words.
 */
export function checkConfig(config: TaskPushNotificationConfig): CheckedConfig {
  const { authentication } = config
  const name = given(config.id)
  if (name !== undefined && (name.length > MAX_NAME_LENGTH || !isPrintable(name)))
    throw refused(`The id must be at most ${MAX_NAME_LENGTH} characters without control characters.`)
  const scheme = given(authentication?.scheme)
  const credentials = given(authentication?.credentials)
  if (authentication && (!scheme || scheme.length > MAX_SCHEME_LENGTH || !isFieldToken(scheme)))
    throw refused('authentication.scheme must be the name of an HTTP authentication scheme, such as Bearer.')
  return {
    name,
    url: checkUrl(config.url),
    scheme,
    credentials: checkSecret('authentication.credentials', credentials),
    token: checkSecret('token', given(config.token)),
  }
}

function checkUrl(text: string): string {
  const url = text.length <= MAX_URL_LENGTH ? URL.parse(text) : null
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw refused(`The url must be an http or https URL of at most ${MAX_URL_LENGTH} characters.`)
  if (url.username !== '' || url.password !== '' || text.includes('#'))
    throw refused('The url must hold neither user name nor fragment; credentials belong into authentication.')
  return text
}

/** It becomes the value of a header (RFC 9110 §5.5). */
function checkSecret(name: string, value: string | undefined): string | undefined {
  if (value === undefined || (value.length <= MAX_SECRET_LENGTH && isFieldValue(value))) return value
  throw refused(
    `${name} must be 1 to ${MAX_SECRET_LENGTH} printable ASCII characters without blanks around it.`,
  )
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function isPrintable(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text)
}

function refused(message: string): ParleyError {
  return new ParleyError('invalid_params', message)
}
