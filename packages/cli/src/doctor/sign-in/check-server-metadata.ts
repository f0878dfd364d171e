import type { Finding } from '../finding.ts'
import { listOf, shown } from '../../fetch-json.ts'
import type { Metadata } from './find-resource-metadata.ts'
import { whyNotFollow } from '../../may-follow.ts'

/** What an authorization server says of itself, against what MCP clients rely on. */
export function checkServerMetadata(issuer: URL, server: Metadata): Finding[] {
  return [
    checkEndpoints(issuer, server),
    checkPkce(server),
    checkCodeFlow(server),
    checkIss(server),
    checkRegistration(server),
    checkPublicClients(server),
    checkRefresh(server),
  ]
}

function checkEndpoints(issuer: URL, server: Metadata): Finding {
  const step = 'endpoints'
  const required = ['authorization_endpoint', 'token_endpoint']
  const optional = ['registration_endpoint', 'jwks_uri', 'revocation_endpoint', 'introspection_endpoint']
  for (const name of [...required, ...optional]) {
    const url = server[name]
    if (url === undefined && optional.includes(name)) continue
    const why = whyNotFollow(issuer, url)
    if (why === undefined) continue
    const detail = url === undefined ? `${name} is missing` : `${name} ${shown(url)} ${why}`
    return { step, verdict: 'bad', detail, mend: `Set "${name}" to a URL with https.` }
  }
  return {
    step,
    verdict: 'good',
    detail: `all are ${issuer.protocol === 'https:' ? 'https' : 'on this machine'}`,
  }
}

/** MCP: a client must refuse a server that does not say so. */
function checkPkce(server: Metadata): Finding {
  const step = 'PKCE'
  const methods = listOf(server['code_challenge_methods_supported'])
  if (methods?.includes('S256')) {
    if (!methods.includes('plain')) return { step, verdict: 'good', detail: 'S256' }
    return {
      step,
      verdict: 'doubtful',
      detail: 'beside S256 the method plain is offered, which protects nothing',
      mend: 'Take "plain" out of code_challenge_methods_supported.',
    }
  }
  return {
    step,
    verdict: 'bad',
    detail: `code_challenge_methods_supported is ${shown(server['code_challenge_methods_supported'])}`,
    mend: 'Add "code_challenge_methods_supported": ["S256"], and check the verifier at the token endpoint.',
  }
}

function checkCodeFlow(server: Metadata): Finding {
  const step = 'code flow'
  const types = listOf(server['response_types_supported'])
  const grants = listOf(server['grant_types_supported'])
  if (types?.includes('code') && (!grants || grants.includes('authorization_code')))
    return { step, verdict: 'good', detail: 'authorization_code' }
  const isType = types?.includes('code') !== true
  return {
    step,
    verdict: 'bad',
    detail: isType
      ? `response_types_supported is ${shown(types)}`
      : `grant_types_supported is ${shown(grants)}`,
    mend: isType
      ? 'Add "code" to response_types_supported.'
      : 'Add "authorization_code" to grant_types_supported.',
  }
}

/** RFC 9207. */
function checkIss(server: Metadata): Finding {
  const step = 'iss'
  if (server['authorization_response_iss_parameter_supported'] === true)
    return { step, verdict: 'good', detail: 'its answers say who they are from' }
  return {
    step,
    verdict: 'doubtful',
    detail: 'its answers do not say who they are from, so that a client can be mixed up',
    mend: 'Send iss with every authorization response and set "authorization_response_iss_parameter_supported": true.',
  }
}

function checkRegistration(server: Metadata): Finding {
  const step = 'registration'
  const takesDocuments = server['client_id_metadata_document_supported'] === true
  const registers = server['registration_endpoint'] !== undefined
  const detail = [takesDocuments && 'metadata documents', registers && 'dynamic registration']
    .filter(Boolean)
    .join(' and ')
  if (takesDocuments) return { step, verdict: 'good', detail }
  const mend = 'Take client ID metadata documents, and set "client_id_metadata_document_supported": true.'
  if (registers) return { step, verdict: 'doubtful', detail: `only ${detail}, which MCP has given up`, mend }
  return {
    step,
    verdict: 'doubtful',
    detail: 'an app can come in only if somebody registers it by hand',
    mend,
  }
}

function checkPublicClients(server: Metadata): Finding {
  const step = 'public clients'
  // RFC 8414 §2: client_secret_basic alone when it is left out.
  const methods = listOf(server['token_endpoint_auth_methods_supported']) ?? ['client_secret_basic']
  if (methods.includes('none')) return { step, verdict: 'good', detail: 'apps without a secret may come' }
  return {
    step,
    verdict: 'doubtful',
    detail: `token_endpoint_auth_methods_supported is ${shown(methods)}: apps on a person's machine have no secret`,
    mend: 'Add "none" to token_endpoint_auth_methods_supported.',
  }
}

function checkRefresh(server: Metadata): Finding {
  const step = 'refresh'
  const grants = listOf(server['grant_types_supported'])
  if (grants?.includes('refresh_token')) {
    const asks = listOf(server['scopes_supported'])?.includes('offline_access')
    return { step, verdict: 'good', detail: asks ? 'yes, by offline_access' : 'yes' }
  }
  return {
    step,
    verdict: 'doubtful',
    detail: 'no refresh tokens: people sign in again whenever a token expires',
    mend: 'Add "refresh_token" to grant_types_supported and "offline_access" to scopes_supported.',
  }
}
