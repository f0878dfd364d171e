import type { Finding } from '../finding.ts'
import { fetchJson, shown } from '../../fetch-json.ts'
import type { Found } from './find-resource-metadata.ts'
import { whyNotFollow } from '../../may-follow.ts'

/** RFC 8414, then OpenID Connect with the path inserted, then appended (MCP authorization, Server Metadata Discovery). */
export async function findServerMetadata(from: URL, issuer: unknown): Promise<Found> {
  const step = `issuer ${shown(issuer)}`
  const bad = (detail: string, mend: string): Found => ({
    metadata: undefined,
    findings: [{ step, verdict: 'bad', detail, mend }],
  })
  const whyNot = whyNotFollow(from, issuer)
  if (whyNot !== undefined) return bad(`it ${whyNot}, so it was not asked`, 'Name the issuer by https.')
  const base = new URL(String(issuer))
  if (base.search !== '') return bad('an issuer has no query (RFC 8414 §2)', 'Take the query out.')
  const tried: string[] = []
  for (const place of placesOf(base)) {
    const document = await fetchJson(place)
    if (document.kind === 'none') {
      tried.push(`${place.href}: ${document.why}`)
      continue
    }
    const findings: Finding[] = document.notes.map((note) => ({
      step,
      verdict: 'doubtful',
      detail: note,
      mend: 'Serve it as application/json (RFC 8414 §3.2).',
    }))
    const named = document.value['issuer']
    findings.push(
      named === issuer
        ? { step, verdict: 'good', detail: `it describes itself at ${place.href}` }
        : {
            step,
            verdict: 'bad',
            detail: `its metadata calls itself ${shown(named)}; clients refuse what is not the same text`,
            mend: `Set "issuer" to ${shown(issuer)}, or name ${shown(named)} in authorization_servers.`,
          },
    )
    return { metadata: document.value, findings }
  }
  const mend = `Serve ${placesOf(base)[0]!.href} (RFC 8414).`
  return bad(`it has no metadata (${tried.join('; ')})`, mend)
}

function placesOf(issuer: URL): URL[] {
  const path = issuer.pathname.replace(/\/$/, '')
  const at = (pathname: string) => new URL(pathname, issuer)
  const inserted = [
    at(`/.well-known/oauth-authorization-server${path}`),
    at(`/.well-known/openid-configuration${path}`),
  ]
  return path === '' ? inserted : [...inserted, at(`${path}/.well-known/openid-configuration`)]
}
