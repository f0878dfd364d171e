import { ask, type Reply } from '../../ask.ts'
import { readJson, type Document } from '../../fetch-json.ts'
import { explainRefusal } from '../explain-refusal.ts'
import type { Finding } from '../finding.ts'
import { checkCaching } from './check-caching.ts'
import { checkCard, type DoctorCard } from './check-card.ts'
import { checkInterface } from './check-interface.ts'

export interface AgentExamination {
  readonly url: string
  /** Whether Parley can ask the agent. */
  readonly ok: boolean
  readonly agent: { readonly name: string; readonly version: string } | null
  /** What of its interfaces works, as `BINDING VERSION`. */
  readonly interfaces: readonly string[]
  readonly findings: readonly Finding[]
}

type ExtraHeaders = Readonly<Record<string, string>>
type FoundCard = { readonly url: URL; readonly reply: Reply; readonly read: Document }

const WELL_KNOWN = ['.well-known/agent-card.json', '.well-known/agent.json']

/** The card at an address, or in the well-known places below it and of its host; undefined where there is none. */
export async function findAgentCard(url: URL, headers: ExtraHeaders): Promise<FoundCard | undefined> {
  for (const place of placesOf(url)) {
    const reply = await ask(place, { method: 'GET', headers: { accept: 'application/json', ...headers } })
    const read = readJson(reply)
    if (read.kind === 'document' && isCardLike(read.value)) return { url: place, reply, read }
  }
  return undefined
}

/** Told from other documents by what cards of 1.0 and of 0.3 have. */
export function isCardLike(value: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(value['supportedInterfaces']) || (Array.isArray(value['skills']) && 'url' in value)
}

/** Reads the card as the hub does, then asks each interface for a task that it cannot have. Makes the agent do nothing. */
export async function examineAgent(url: URL, headers: ExtraHeaders): Promise<AgentExamination> {
  const found = await findAgentCard(url, headers)
  if (!found) return withoutCard(url, headers)
  const findings: Finding[] = [
    { step: 'card', verdict: 'good', detail: `found at ${found.url.href}` },
    ...typeNotes(found.read),
    ...(found.reply.kind === 'http' ? await checkCaching(found.url, found.reply, headers) : []),
  ]
  const { card, findings: ofCard } = await checkCard(found.read, found.url)
  findings.push(...ofCard)
  const interfaces: string[] = []
  for (const one of card?.interfaces ?? []) {
    const checked = await checkInterface(one, found.url, headers)
    findings.push(...checked.findings)
    if (checked.works) interfaces.push(`${one.protocolBinding} ${one.protocolVersion}`)
  }
  return {
    url: url.href,
    ok: card !== undefined && interfaces.length > 0,
    agent: card ? nameOf(card) : null,
    interfaces,
    findings,
  }
}

async function withoutCard(url: URL, headers: ExtraHeaders): Promise<AgentExamination> {
  const places = placesOf(url)
  const reply = await ask(places[0]!, { method: 'GET', headers: { accept: 'application/json', ...headers } })
  const finding: Finding =
    reply.kind === 'none'
      ? explainRefusal(url, reply)
      : {
          step: 'card',
          verdict: 'bad',
          detail: `there is none at ${places.map((place) => place.pathname).join(', ')} (HTTP ${reply.status})`,
          mend: 'Serve the agent card as JSON with HTTP 200 at /.well-known/agent-card.json.',
        }
  return { url: url.href, ok: false, agent: null, interfaces: [], findings: [finding] }
}

function placesOf(url: URL): readonly URL[] {
  if (url.pathname.endsWith('.json')) return [url]
  const base = url.pathname.replace(/\/*$/, '/')
  const paths = [...WELL_KNOWN.map((place) => base + place), ...WELL_KNOWN.map((place) => `/${place}`)]
  return [...new Set(paths)].map((path) => new URL(path, url))
}

function typeNotes(read: Document): Finding[] {
  if (read.kind !== 'document') return []
  return read.notes.map((detail) => ({
    step: 'content type',
    verdict: 'bad',
    detail,
    mend: 'Serve the card as application/json; Parley takes it no other way.',
  }))
}

function nameOf({ name, version }: DoctorCard): AgentExamination['agent'] {
  return { name, version }
}
