import type { Finding } from '../finding.ts'
import { fetchJson, shown, type Document } from '../../fetch-json.ts'
import { whyNotFollow } from '../../may-follow.ts'

export type Metadata = Readonly<Record<string, unknown>>

export interface Found {
  readonly metadata: Metadata | undefined
  readonly findings: readonly Finding[]
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const STEP = 'resource metadata'

/** By the challenge, then at the path form, then at the root (MCP authorization, Protected Resource Metadata Discovery). */
export async function findResourceMetadata(url: URL, challenge: string | null): Promise<Found> {
  const findings: Finding[] = []
  const pathForm = new URL(WELL_KNOWN + url.pathname.replace(/\/$/, ''), url)
  const named = /\bresource_metadata="([^"]*)"/i.exec(challenge ?? '')?.[1]
  const byHeader = named === undefined ? undefined : await followHeader(url, named, findings, pathForm)
  const places = [pathForm, new URL(WELL_KNOWN, url)].filter(
    (place, at, all) => all.findIndex(({ href }) => href === place.href) === at,
  )
  const wellKnown: { place: URL; document: Document }[] = []
  for (const place of places) wellKnown.push({ place, document: await fetchJson(place) })
  if (named === undefined)
    findings.push({
      step: 'challenge',
      verdict: 'doubtful',
      detail: `the 401 does not say where its metadata is (WWW-Authenticate: ${shown(challenge)})`,
      mend: `Send WWW-Authenticate: Bearer resource_metadata="${pathForm.href}".`,
    })
  const first = wellKnown.find(({ document }) => document.kind === 'document')
  const chosen = byHeader ?? first?.document
  if (chosen?.kind !== 'document') {
    const tried = wellKnown.map(
      ({ place, document }) => `${place.href}: ${document.kind === 'none' ? document.why : ''}`,
    )
    const mend = `Serve ${pathForm.href} with {"resource": "${url.href}", "authorization_servers": ["https://…"]} (RFC 9728).`
    findings.push({ step: STEP, verdict: 'bad', detail: `there is none (${tried.join('; ')})`, mend })
    return { metadata: undefined, findings }
  }
  const where = [...(byHeader ? ['the challenge'] : []), ...wellKnown.flatMap(toPlace)]
  findings.push(
    ...chosen.notes.map((note): Finding => ({
      step: STEP,
      verdict: 'doubtful',
      detail: note,
      mend: 'Serve it as application/json (RFC 9728 §3.2).',
    })),
    first
      ? { step: STEP, verdict: 'good', detail: `found by ${where.join(', ')}` }
      : {
          step: STEP,
          verdict: 'doubtful',
          detail: 'found by the challenge alone',
          mend: `Serve it at ${pathForm.href} too: some clients look only there.`,
        },
  )
  return { metadata: chosen.value, findings }
}

function toPlace({ place, document }: { place: URL; document: Document }): string[] {
  return document.kind === 'document' ? [place.pathname] : []
}

async function followHeader(
  url: URL,
  named: string,
  findings: Finding[],
  pathForm: URL,
): Promise<Document | undefined> {
  const mend = `Name a URL that answers there, such as ${pathForm.href}.`
  const whyNot = whyNotFollow(url, named)
  const document = whyNot === undefined ? await fetchJson(new URL(named)) : undefined
  if (document?.kind === 'document') {
    findings.push({ step: 'challenge', verdict: 'good', detail: 'the 401 names its metadata' })
    return document
  }
  const why = whyNot ?? (document?.kind === 'none' ? document.why : '')
  const detail = `resource_metadata ${shown(named)} cannot be used: ${why}`
  findings.push({ step: 'challenge', verdict: 'bad', detail, mend })
  return undefined
}
