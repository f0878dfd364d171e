import type { Document } from '../../fetch-json.ts'
import { isLoopback } from '../../may-follow.ts'
import { isObject } from '../../read-response.ts'
import type { Finding } from '../finding.ts'

export interface DoctorInterface {
  readonly url: string
  readonly protocolBinding: string
  readonly protocolVersion: string
}

export interface DoctorCard {
  readonly name: string
  readonly version: string
  readonly interfaces: readonly DoctorInterface[]
}

type Schemes = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** What a card says, read by the hub's own reader. */
export async function checkCard(
  document: Document,
  url: URL,
): Promise<{ readonly card: DoctorCard | undefined; readonly findings: readonly Finding[] }> {
  const { readCardJson } = await import('@parley/server')
  const json = document.kind === 'document' ? document.value : {}
  const read = readCardJson(json)
  if (read.kind === 'refused') {
    const findings = read.violations.map(({ field, description }): Finding => ({
      step: 'card',
      verdict: 'bad',
      detail: `${field === '' ? '' : `${field}: `}${description}`,
      mend: 'Mend the field; Parley takes no card with it (A2A §4.4).',
    }))
    return { card: undefined, findings }
  }
  const { card, version } = read
  return {
    card: { name: card.name, version: card.version, interfaces: card.supportedInterfaces },
    findings: [
      checkForm(version, `${card.name} ${card.version}, ${card.skills.length} skills`),
      checkTransport(url),
      checkSignatures(json['signatures']),
      ...checkSecurity(card.securitySchemes, card.securityRequirements, url),
    ],
  }
}

function checkForm(version: string, what: string): Finding {
  const step = 'form'
  if (version === '1.0') return { step, verdict: 'good', detail: `A2A 1.0: ${what}` }
  const mend =
    'Parley speaks 0.3 too. Serve a card with supportedInterfaces, which older clients do not mind.'
  return { step, verdict: 'doubtful', detail: `A2A ${version}: ${what}`, mend }
}

/** A2A §7.1: production is TLS. */
function checkTransport(url: URL): Finding {
  const step = 'transport'
  if (url.protocol === 'https:') return { step, verdict: 'good', detail: 'https' }
  if (isLoopback(url.hostname)) return { step, verdict: 'good', detail: 'plain http on this machine' }
  return {
    step,
    verdict: 'doubtful',
    detail: 'plain http: anyone on the way can change the card',
    mend: 'Serve it by https, and sign it.',
  }
}

function checkSignatures(signatures: unknown): Finding {
  const step = 'signature'
  if (!Array.isArray(signatures) || signatures.length === 0)
    return { step, verdict: 'good', detail: 'not signed, which is allowed' }
  const headers = signatures.map(readHeader)
  const bad = headers.find((header) => typeof header?.['kid'] !== 'string')
  if (bad !== undefined || headers.includes(undefined))
    return {
      step,
      verdict: 'bad',
      detail: 'a signature has no readable protected header with a kid',
      mend: 'Sign as A2A §8.4.2 says: protected = base64url of {"alg":"ES256","typ":"JOSE","kid":"…"}.',
    }
  const kids = headers.map((header) => String(header!['kid']).slice(0, 80))
  const followed = headers.some((header) => header!['jku'] !== undefined) ? '; its jku is not followed' : ''
  return {
    step,
    verdict: 'good',
    detail: `signed by ${kids.join(', ')}; only keys that are enrolled count${followed}`,
    mend: 'To have it checked: parley agents keys NAME --add-keys FILE, with the public key of the kid.',
  }
}

function readHeader(signature: unknown): Readonly<Record<string, unknown>> | undefined {
  const text = isObject(signature) ? signature['protected'] : undefined
  if (typeof text !== 'string') return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return isObject(value) ? value : undefined
  } catch {
    // A header that is no JSON is none.
    return undefined
  }
}

function checkSecurity(
  schemes: Schemes | undefined,
  requirements: readonly { readonly schemes: Readonly<Record<string, unknown>> }[] | undefined,
  url: URL,
): Finding[] {
  const step = 'security'
  const known = Object.keys(schemes ?? {})
  if (known.length === 0) {
    if (isLoopback(url.hostname)) return [{ step, verdict: 'good', detail: 'it asks for no credential' }]
    const mend = 'Declare securitySchemes and securityRequirements, and check the credential of each request.'
    return [{ step, verdict: 'doubtful', detail: 'it asks for no credential: anyone can use it', mend }]
  }
  const missing = (requirements ?? [])
    .flatMap((one) => Object.keys(one.schemes))
    .filter((name) => !known.includes(name))
  const findings: Finding[] = missing.map((name) => ({
    step,
    verdict: 'bad',
    detail: `securityRequirements names ${name}, which securitySchemes does not declare`,
    mend: 'Declare it, or take it out.',
  }))
  for (const [name, scheme] of Object.entries(schemes ?? {})) {
    const key = scheme['apiKeySecurityScheme']
    const isInQuery = isObject(key) && key['location'] === 'query'
    findings.push(
      isInQuery
        ? {
            step,
            verdict: 'bad',
            detail: `${name} is an API key in the query, where logs keep it; Parley sends none`,
            mend: 'Take the key in a header.',
          }
        : { step, verdict: 'good', detail: `${name}: ${Object.keys(scheme).join(', ')}` },
    )
  }
  return findings
}
