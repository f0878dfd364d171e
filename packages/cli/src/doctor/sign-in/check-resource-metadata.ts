import type { Finding } from '../finding.ts'
import { listOf, shown } from '../../fetch-json.ts'
import type { Metadata } from './find-resource-metadata.ts'
import { whyNotFollow } from '../../may-follow.ts'

/** RFC 9728 §2 and §3.3, and what MCP adds. */
export function checkResourceMetadata(url: URL, metadata: Metadata, challenge: string | null): Finding[] {
  return [
    checkResource(url, metadata['resource']),
    checkIssuers(url, metadata),
    ...checkScopes(metadata, challenge),
  ]
}

/** RFC 9728 §3.3: anything but the same text must not be used. */
function checkResource(url: URL, resource: unknown): Finding {
  const step = 'resource'
  const wanted = url.pathname === '/' && url.search === '' ? url.origin : url.href
  if (resource === url.href || resource === wanted)
    return { step, verdict: 'good', detail: `it is ${url.href}, as asked for` }
  const mend = `Set "resource" to ${shown(wanted)}.`
  const bad = (detail: string): Finding => ({
    step,
    verdict: 'bad',
    detail: `${shown(resource)}: ${detail}`,
    mend,
  })
  const named = typeof resource === 'string' ? URL.parse(resource) : null
  if (!named) return bad('it is no URL')
  if (named.hash !== '') return bad('a resource has no fragment (RFC 8707 §2)')
  if (trimmed(named.href) === trimmed(url.href)) {
    if (String(resource).toLowerCase() === url.href.toLowerCase())
      return bad('it differs from the address in upper and lower case')
    if (trimmed(String(resource)) !== trimmed(url.href))
      return bad('it is spelled otherwise than the address')
    return bad('it differs from the address by a slash at the end')
  }
  if (named.href.toLowerCase() === url.href.toLowerCase())
    return bad('it differs from the address in upper and lower case')
  const isParent = named.origin === url.origin && url.pathname.startsWith(named.pathname.replace(/\/?$/, '/'))
  if (isParent)
    return {
      step,
      verdict: 'doubtful',
      detail: `${shown(resource)} is above the address: clients that compare exactly refuse it`,
      mend,
    }
  return bad('clients refuse metadata of another resource')
}

function trimmed(href: string): string {
  return href.replace(/\/+$/, '')
}

function checkIssuers(url: URL, metadata: Metadata): Finding {
  const step = 'authorization servers'
  const issuers = listOf(metadata['authorization_servers'])
  if (!issuers || issuers.length === 0)
    return {
      step,
      verdict: 'bad',
      detail: `authorization_servers is ${shown(metadata['authorization_servers'])}`,
      mend: 'Name at least one issuer, such as ["https://auth.example.com"].',
    }
  for (const issuer of issuers) {
    const why = whyNotFollow(url, issuer)
    if (why !== undefined)
      return {
        step,
        verdict: 'bad',
        detail: `${shown(issuer)} ${why}`,
        mend: 'Name issuers by https, as their own metadata has it.',
      }
  }
  return { step, verdict: 'good', detail: issuers.slice(0, 5).map(shown).join(', ') }
}

function checkScopes(metadata: Metadata, challenge: string | null): Finding[] {
  const step = 'scopes'
  const asked = /\bscope="([^"]*)"/i.exec(challenge ?? '')?.[1]?.split(' ')
  const supported = listOf(metadata['scopes_supported'])
  if (asked?.includes('offline_access') || supported?.includes('offline_access'))
    return [
      {
        step,
        verdict: 'doubtful',
        detail: 'the resource asks for offline_access, which concerns the client alone',
        mend: 'Take it out of the challenge and of scopes_supported; leave it in those of the authorization server.',
      },
    ]
  if (asked || supported)
    return [{ step, verdict: 'good', detail: `a client asks for ${shown((asked ?? supported)!.join(' '))}` }]
  return [
    {
      step,
      verdict: 'doubtful',
      detail: 'neither the challenge nor the metadata says which scopes there are',
      mend: 'Add scope="…" to the challenge, with what this request needs.',
    },
  ]
}
