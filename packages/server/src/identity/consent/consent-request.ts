import { parleyCapabilityDetail, parseCapabilityName, type ParleyCapabilityDetail } from '@parley/contract'
import type { App } from '../../clients/index.ts'
import type { InteractionRecord } from '../provider/types.ts'
import type { Resource, Resources } from '../resources/resource.ts'
import type { CapabilityGroup, ServerOffer } from './capability-offer.ts'

/** What an app asks a person for. */
export interface ConsentRequest {
  readonly app: App
  readonly clientId: string
  readonly redirectUri: string
  readonly resource: Resource
  /** Of the resource; those of `openid` are apart. */
  readonly scopes: readonly string[]
  readonly identityScopes: readonly string[]
  /** Rich Authorization Requests (RFC 9396), exactly as they were sent. */
  readonly details: readonly ParleyCapabilityDetail[]
}

const IDENTITY_SCOPES: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access'])

/** Reads the request that the provider has checked; `undefined` when its app is gone meanwhile. */
export function readConsentRequest(
  { params }: InteractionRecord,
  known: { readonly findApp: (clientId: string) => App | undefined; readonly resources: Resources },
): ConsentRequest | 'unknown-resource' | undefined {
  const clientId = params['client_id'] ?? ''
  const app = known.findApp(clientId)
  const resource = known.resources.find(params['resource'] ?? '')
  if (!app || app.state !== 'active') return undefined
  if (!resource) return 'unknown-resource'
  const asked = (params['scope'] ?? '').split(' ')
  const details = params['authorization_details']
  return {
    app,
    clientId,
    redirectUri: params['redirect_uri'] ?? '',
    resource,
    scopes: asked.filter((scope) => resource.hasScope(scope)),
    identityScopes: asked.filter((scope) => IDENTITY_SCOPES.has(scope)),
    details: details === undefined ? [] : parleyCapabilityDetail.array().parse(JSON.parse(details)),
  }
}

/** Whether there is nothing in the request that a grant could hold, whatever a person chooses. */
export function canAllowNothing({ scopes, identityScopes }: ConsentRequest): boolean {
  return scopes.length === 0 && identityScopes.length === 0
}

/** What of the offer the request is about: all of it for `mcp`, otherwise the capabilities it names as scopes. */
export function narrowOffer(request: ConsentRequest, offer: readonly ServerOffer[]): readonly ServerOffer[] {
  const { wholeScope } = request.resource
  if (request.details.length > 0 || wholeScope === undefined) return []
  if (request.scopes.includes(wholeScope)) return offer
  const named = new Set(request.scopes)
  const narrowed = offer.map(({ server, groups }) => ({
    server,
    groups: groups
      .map((group) => ({ ...group, items: group.items.filter((item) => named.has(item.capability)) }))
      .filter((group) => group.items.length > 0),
  }))
  return narrowed.filter(({ groups }) => groups.length > 0)
}

/** The name of a group's switch in the form. */
export function switchName(server: string, group: CapabilityGroup): string {
  return `group.${server}.${group.effect}`
}

/** The host of a redirect URI as people are told it, and whether it is this computer or an app on it. */
export function describeRedirect(redirectUri: string): {
  readonly host: string
  readonly isLocal: boolean
} {
  const url = URL.parse(redirectUri)
  if (!url) return { host: redirectUri, isLocal: false }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { host: url.protocol, isLocal: true }
  return { host: url.host, isLocal: ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname) }
}

/** The server of a capability scope, for its heading. */
export function ownerOf(capability: string): string | undefined {
  return parseCapabilityName(capability)?.owner
}
