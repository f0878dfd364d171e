import { parleyCapabilityDetail, type ParleyCapabilityDetail } from '@parley/contract'
import { CONNECTION_TOKEN_TYPE } from './connection-token.ts'
import { errors } from '../provider/library.ts'
import { readScopes } from '../workloads/scopes.ts'

/** RFC 8693 §3. */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'

/** Parameters of RFC 8693 §2.1, and `authorization_details` of RFC 9396 §6. */
export const EXCHANGE_PARAMETERS = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'resource',
  'audience',
  'scope',
  'authorization_details',
]

export interface ExchangeRequest {
  readonly subjectToken: string
  readonly actorToken: string | undefined
  /** The token of a connection instead of one of this hub. */
  readonly wantsConnection: boolean
  /** As asked; undefined: where the subject token is for. */
  readonly resource: string | undefined
  readonly scopes: readonly string[] | undefined
  readonly detail: ParleyCapabilityDetail | undefined
}

/** Only access tokens of this hub are taken; given are those, and by grant the token of a connection. */
export function readExchangeRequest(params: Readonly<Record<string, unknown>>): ExchangeRequest {
  const subjectToken = textOf(params['subject_token'])
  if (subjectToken === undefined) throw new errors.InvalidRequest('subject_token is missing')
  if (params['subject_token_type'] !== ACCESS_TOKEN_TYPE)
    throw new errors.InvalidRequest('subject_token_type must be an access token')
  const requested = params['requested_token_type'] ?? ACCESS_TOKEN_TYPE
  if (requested !== ACCESS_TOKEN_TYPE && requested !== CONNECTION_TOKEN_TYPE)
    throw new errors.InvalidRequest('requested_token_type must be an access token')
  const actorToken = textOf(params['actor_token'])
  // RFC 8693 §2.1: the type stands there when, and only when, the token does.
  if ((actorToken === undefined) !== (params['actor_token_type'] === undefined))
    throw new errors.InvalidRequest('actor_token and actor_token_type belong together')
  if (actorToken !== undefined && params['actor_token_type'] !== ACCESS_TOKEN_TYPE)
    throw new errors.InvalidRequest('actor_token_type must be an access token')
  return {
    subjectToken,
    actorToken,
    wantsConnection: requested === CONNECTION_TOKEN_TYPE,
    resource: readResource(params),
    scopes: readScopes(params['scope']),
    detail: readDetail(params['authorization_details']),
  }
}

/** A token is for one audience, so `resource` and `audience` must mean the same. */
function readResource(params: Readonly<Record<string, unknown>>): string | undefined {
  const resource = textOf(params['resource'])
  const audience = textOf(params['audience'])
  if (resource !== undefined && audience !== undefined && resource !== audience)
    throw new errors.InvalidTarget('resource and audience name two targets')
  return resource ?? audience
}

/** The provider has checked the form of each detail; here there must be one. */
function readDetail(value: unknown): ParleyCapabilityDetail | undefined {
  const text = textOf(value)
  if (text === undefined) return undefined
  const details = JSON.parse(text) as unknown[]
  if (details.length !== 1)
    throw new errors.InvalidAuthorizationDetails('ask with one detail for one delegation')
  return parleyCapabilityDetail.parse(details[0])
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
