import { CliError } from '../cli-error.ts'
import { fetchJson, listOf } from '../fetch-json.ts'
import { whyNotFollow } from '../may-follow.ts'

/** What signing in to a hub needs to know of its authorization server. */
export interface Issuer {
  readonly issuer: string
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly revocationEndpoint: string | null
  /** Whether its answers must say who they are from (RFC 9207). */
  readonly sendsIss: boolean
}

/** From the hub's own metadata (RFC 9728) to its authorization server's (RFC 8414); both must name what was asked. */
export async function discoverIssuer(hub: string): Promise<Issuer> {
  const resource = await read(new URL('/.well-known/oauth-protected-resource/api', hub), hub)
  if (resource['resource'] !== `${hub}/api`)
    throw broken(hub, `its metadata is that of ${String(resource['resource']).slice(0, 100)}`)
  const issuer = listOf(resource['authorization_servers'])?.[0]
  const whyNot = whyNotFollow(new URL(hub), issuer)
  if (issuer === undefined || whyNot !== undefined) throw broken(hub, `its authorization server ${whyNot}`)
  const base = new URL(issuer)
  const path = base.pathname.replace(/\/$/, '')
  const server = await read(new URL(`/.well-known/oauth-authorization-server${path}`, base), hub)
  // RFC 8414 §3.3: the same text.
  if (server['issuer'] !== issuer) throw broken(hub, 'its authorization server calls itself otherwise')
  if (listOf(server['code_challenge_methods_supported'])?.includes('S256') !== true)
    throw broken(hub, 'its authorization server does not offer PKCE with S256')
  const endpoint = (name: string): string => {
    const why = whyNotFollow(base, server[name])
    if (why !== undefined) throw broken(hub, `its ${name} ${why}`)
    return String(server[name])
  }
  return {
    issuer,
    authorizationEndpoint: endpoint('authorization_endpoint'),
    tokenEndpoint: endpoint('token_endpoint'),
    revocationEndpoint: server['revocation_endpoint'] === undefined ? null : endpoint('revocation_endpoint'),
    sendsIss: server['authorization_response_iss_parameter_supported'] === true,
  }
}

/** Whether the hub has tools or agents, or is an authorization server alone. */
export async function hasResource(hub: string, name: 'mcp' | 'a2a'): Promise<boolean> {
  const found = await fetchJson(new URL(`/.well-known/oauth-protected-resource/${name}`, hub))
  return found.kind === 'document' && found.value['resource'] === `${hub}/${name}`
}

async function read(url: URL, hub: string): Promise<Readonly<Record<string, unknown>>> {
  const found = await fetchJson(url)
  if (found.kind === 'document') return found.value
  throw broken(hub, `${url.pathname}: ${found.why}`)
}

function broken(hub: string, why: string): CliError {
  return new CliError(`One cannot sign in at ${hub}: ${why}.`, {
    code: 'no_hub',
    hint: `parley doctor ${hub}/mcp`,
  })
}
