import { isObject } from '../../read-response.ts'
import type { Finding } from '../finding.ts'
import { listOf, shown } from '../../fetch-json.ts'
import { isLoopback } from '../../may-follow.ts'

type Metadata = Readonly<Record<string, unknown>>

const NAME_MAX_LENGTH = 64

/** What the document says (RFC 7591 §2; MCP authorization, Client ID Metadata Documents). */
export function checkClientMetadata(url: URL, client: Metadata): Finding[] {
  return [
    checkId(url, client),
    checkName(client),
    checkRedirects(url, client),
    checkAuthentication(client),
    ...checkApplicationType(client),
    checkRefresh(client),
  ]
}

/** The draft, §4.1: simple string comparison. */
function checkId(url: URL, { client_id: id }: Metadata): Finding {
  const step = 'client_id'
  if (id === url.href) return { step, verdict: 'good', detail: 'it is the address of the document' }
  const mend = `Set "client_id" to ${shown(url.href)}.`
  return { step, verdict: 'bad', detail: `it is ${shown(id)}, not the address of the document`, mend }
}

function checkName({ client_name: name }: Metadata): Finding {
  const step = 'client_name'
  if (typeof name !== 'string' || name.trim() === '')
    return {
      step,
      verdict: 'bad',
      detail: `it is ${shown(name)}`,
      mend: 'Set "client_name": people are asked about it.',
    }
  if (/\p{Cc}|[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u.test(name))
    return {
      step,
      verdict: 'bad',
      detail: `${shown(name)} holds marks that are not seen`,
      mend: 'Use plain text.',
    }
  if (name.length > NAME_MAX_LENGTH)
    return {
      step,
      verdict: 'doubtful',
      detail: `${name.length} characters`,
      mend: `Use ${NAME_MAX_LENGTH} at most.`,
    }
  return { step, verdict: 'good', detail: shown(name) }
}

function checkRedirects(url: URL, { redirect_uris: given }: Metadata): Finding {
  const step = 'redirect_uris'
  const uris = listOf(given)
  if (!uris || uris.length === 0)
    return {
      step,
      verdict: 'bad',
      detail: `it is ${shown(given)}`,
      mend: 'List every address the app is called back at.',
    }
  for (const uri of uris) {
    const why = whyNoRedirect(uri)
    if (why !== undefined) {
      const mend =
        "Use https, http://127.0.0.1/… for an app on the person's machine, or a scheme such as com.example.app."
      return { step, verdict: 'bad', detail: `${shown(uri)} ${why}`, mend }
    }
  }
  const foreign = uris.find((uri) => uri.startsWith('https:') && new URL(uri).hostname !== url.hostname)
  if (foreign !== undefined)
    return {
      step,
      verdict: 'doubtful',
      detail: `${shown(foreign)} is on another host than the document; people are shown both`,
      mend: `Be called back on ${url.hostname}.`,
    }
  return { step, verdict: 'good', detail: uris.slice(0, 3).map(shown).join(', ') }
}

const DANGEROUS = /^(?:javascript|data|vbscript|file|blob|about|ws|wss|ftp|mailto):$/

function whyNoRedirect(text: string): string | undefined {
  const uri = text.length <= 2048 ? URL.parse(text) : null
  if (!uri) return 'is no URL'
  if (text.includes('*')) return 'has a *; redirect URIs are compared exactly'
  if (uri.hash !== '' || text.endsWith('#')) return 'has a fragment'
  if (uri.username !== '' || uri.password !== '') return 'has credentials in it'
  if (uri.protocol === 'https:') return undefined
  if (uri.protocol === 'http:')
    return isLoopback(uri.hostname)
      ? undefined
      : 'is plain http to another machine, where the code can be read'
  return DANGEROUS.test(uri.protocol) ? `has the scheme ${uri.protocol}` : undefined
}

/** The draft, §4.1: nothing shared in secret can stand in a document that everyone reads. */
function checkAuthentication(client: Metadata): Finding {
  const step = 'authentication'
  const bad = (detail: string, mend: string): Finding => ({ step, verdict: 'bad', detail, mend })
  const { token_endpoint_auth_method: method = 'none', jwks, jwks_uri: uri } = client
  if (client['client_secret'] !== undefined)
    return bad(
      'the document holds a client_secret, which everyone can read',
      'Take it out, and use it nowhere any more.',
    )
  if (method === 'none') return { step, verdict: 'good', detail: 'a public client, with PKCE' }
  if (method !== 'private_key_jwt')
    return bad(
      `token_endpoint_auth_method is ${shown(method)}`,
      'Set it to "none", or to "private_key_jwt" with keys.',
    )
  const keys = isObject(jwks) && Array.isArray(jwks['keys']) ? jwks['keys'].filter(isObject) : []
  if (keys.some((key) => key['d'] !== undefined || key['k'] !== undefined))
    return bad('jwks holds a private key', 'Publish public keys only, and make new ones.')
  if (keys.length === 0 && !(typeof uri === 'string' && URL.parse(uri)?.protocol === 'https:'))
    return bad('private_key_jwt without keys', 'Add "jwks", or a "jwks_uri" with https.')
  return { step, verdict: 'good', detail: 'private_key_jwt' }
}

/** OpenID Connect Registration §2: `web` when it is left out, which demands https and exact ports. */
function checkApplicationType(client: Metadata): Finding[] {
  const uris = listOf(client['redirect_uris']) ?? []
  const isNative = uris.some((uri) => !uri.startsWith('https:'))
  if (!isNative || client['application_type'] === 'native') return []
  return [
    {
      step: 'application_type',
      verdict: 'doubtful',
      detail: `it is ${shown(client['application_type'])}, and an app on the person's machine has a changing port`,
      mend: 'Set "application_type": "native".',
    },
  ]
}

function checkRefresh(client: Metadata): Finding {
  const step = 'grant_types'
  // RFC 7591 §2: authorization_code alone when it is left out.
  const types = listOf(client['grant_types']) ?? ['authorization_code']
  if (!types.includes('authorization_code'))
    return { step, verdict: 'bad', detail: shown(types), mend: 'Add "authorization_code".' }
  if (types.includes('refresh_token'))
    return { step, verdict: 'good', detail: types.slice(0, 5).map(shown).join(', ') }
  const detail = 'without refresh_token people sign in again whenever a token expires'
  return {
    step,
    verdict: 'doubtful',
    detail,
    mend: 'Set "grant_types": ["authorization_code", "refresh_token"].',
  }
}
