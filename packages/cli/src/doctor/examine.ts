import { REVISIONS, SESSION_REVISIONS, isSessionRevision } from '@parley/contract'
import { modernRequest } from '../modern-request.ts'
import { isObject } from '../read-response.ts'
import { ask, type Reply } from '../ask.ts'
import { explainRefusal } from './explain-refusal.ts'
import type { Finding } from './finding.ts'
import { examineSignIn } from './sign-in/examine-sign-in.ts'

export interface Examination {
  readonly url: string
  /** Whether Parley can use the server. */
  readonly ok: boolean
  readonly transport: 'streamable-http' | 'http+sse' | null
  /** The revisions found that Parley speaks too. */
  readonly eras: readonly string[]
  /** Whether apps can get what it asks for when it answers 401; null when it does not. */
  readonly signIn: 'sound' | 'broken' | null
  readonly server: { readonly name: string; readonly version: string } | null
  readonly findings: readonly Finding[]
}

const MODERN = '2026-07-28'
const OLDEST = '2024-11-05'
const HEADER_MISMATCH = -32020
const UNSUPPORTED_VERSION = -32022

type ExtraHeaders = Readonly<Record<string, string>>

/** Tries the stateless revision, then `initialize`, then the transport before both; then what the headers must obey. */
export async function examine(
  url: URL,
  headers: ExtraHeaders,
  options: { readonly register: boolean } = { register: false },
): Promise<Examination> {
  const findings: Finding[] = []
  const base = { url: url.href, findings, signIn: null }
  const discover = await discoverModern(url, headers)
  if (discover.kind === 'none') {
    findings.push(explainRefusal(url, discover))
    return { ...base, ok: false, transport: null, eras: [], server: null }
  }
  findings.push({ step: 'reach', verdict: 'good', detail: `${url.host} answers` })
  const modern = readDiscover(discover, findings)
  const initialize = await openSession(url, headers)
  const legacy = readInitialize(initialize, findings, modern !== undefined)
  if (modern) findings.push(await checkMismatch(url, headers))
  if (modern || legacy) {
    findings.push(await checkOrigin(url, headers, modern !== undefined))
    const eras = [...(modern ? [MODERN] : []), ...(legacy ? [legacy.version] : [])]
    return {
      ...base,
      ok: true,
      transport: 'streamable-http',
      eras,
      server: modern?.server ?? legacy?.server ?? null,
    }
  }
  if (initialize.kind === 'http' && initialize.status === 401)
    return { ...base, ...(await tryDoor(url, initialize, { findings, ...options })) }
  const isOld = await speaksOldTransport(url, headers)
  if (isOld) {
    findings.push(OLD_TRANSPORT)
    return { ...base, ok: true, transport: 'http+sse', eras: [OLDEST], server: null }
  }
  // A server that answered, only in a version that is not spoken here, has been explained.
  if (findings.every(({ verdict }) => verdict !== 'bad')) {
    const better = await findEndpoint(url, initialize, headers)
    const refusal = explainRefusal(url, initialize)
    findings.push(better === undefined ? refusal : { ...refusal, mend: `There is one at ${better}.` })
  }
  return { ...base, ok: false, transport: null, eras: [], server: null }
}

/** Behind a door that asks who calls, only the door can be looked at. */
async function tryDoor(
  url: URL,
  reply: Extract<Reply, { kind: 'http' }>,
  { findings, register }: { findings: Finding[]; register: boolean },
): Promise<Pick<Examination, 'ok' | 'transport' | 'eras' | 'signIn' | 'server'>> {
  const found = await examineSignIn(url, reply.headers.get('www-authenticate'), { register })
  findings.push(...found)
  const isSound = found.every(({ verdict }) => verdict !== 'bad')
  if (!isSound) findings.push(explainRefusal(url, reply))
  const signIn = isSound ? 'sound' : 'broken'
  return { ok: isSound, transport: null, eras: [], signIn, server: null }
}

const OLD_TRANSPORT: Finding = {
  step: 'transport',
  verdict: 'doubtful',
  detail: 'this is HTTP+SSE of 2024-11-05, which Parley speaks too: each session holds a connection open',
  mend: 'Serve Streamable HTTP; many servers do so at another path, often /mcp.',
}

/** Where nothing is at the path, there may be something at the usual one of the same server. */
async function findEndpoint(url: URL, reply: Reply, headers: ExtraHeaders): Promise<string | undefined> {
  const usual = new URL('/mcp', url)
  const isMissing = reply.kind === 'http' && (reply.status === 404 || reply.status === 405)
  if (!isMissing || url.pathname === usual.pathname) return undefined
  for (const found of [await discoverModern(usual, headers), await openSession(usual, headers)])
    if (found.kind === 'http' && found.rpc?.result) return usual.href
  return undefined
}

function discoverModern(url: URL, extra: ExtraHeaders, overrides: ExtraHeaders = {}): Promise<Reply> {
  const { headers, body } = modernRequest('server/discover', {})
  return ask(url, { method: 'POST', headers: { ...headers, ...extra, ...overrides }, body })
}

async function openSession(url: URL, extra: ExtraHeaders): Promise<Reply> {
  const params = {
    protocolVersion: SESSION_REVISIONS[0],
    capabilities: {},
    clientInfo: { name: 'parley-doctor', version: '0.1.0' },
  }
  const reply = await ask(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...extra,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  })
  const session = reply.kind === 'http' ? reply.headers.get('mcp-session-id') : null
  if (session !== null) await ask(url, { method: 'DELETE', headers: { ...extra, 'mcp-session-id': session } })
  return reply
}

function readDiscover(reply: Reply, findings: Finding[]): { server: Examination['server'] } | undefined {
  const step = `era ${MODERN}`
  const rpc = reply.kind === 'http' ? reply.rpc : undefined
  const versions = rpc?.result?.['supportedVersions']
  if (Array.isArray(versions) && versions.includes(MODERN)) {
    findings.push({
      step,
      verdict: 'good',
      detail: `server/discover answers; it speaks ${versions.join(', ')}`,
    })
    const meta = rpc?.result?.['_meta']
    return { server: serverOf(isObject(meta) ? meta['io.modelcontextprotocol/serverInfo'] : undefined) }
  }
  if (rpc?.error?.code === UNSUPPORTED_VERSION) {
    const data = rpc.error.data
    const supported = isObject(data) ? JSON.stringify(data['supported']) : 'nothing it names'
    findings.push({ step, verdict: 'doubtful', detail: `refused; the server supports ${supported}` })
  }
  return undefined
}

function readInitialize(
  reply: Reply,
  findings: Finding[],
  hasModern: boolean,
): { version: string; server: Examination['server'] } | undefined {
  const result = reply.kind === 'http' ? reply.rpc?.result : undefined
  const version = result?.['protocolVersion']
  if (typeof version !== 'string') {
    if (hasModern)
      findings.push({ step: 'era 2025', verdict: 'good', detail: 'none; Parley translates for such clients' })
    return undefined
  }
  const step = `era ${version}`
  if (!isSessionRevision(version)) {
    const mend = `Parley speaks ${REVISIONS.join(', ')}: update the server's SDK.`
    findings.push({
      step,
      verdict: hasModern ? 'doubtful' : 'bad',
      detail: 'initialize answers with this version',
      mend,
    })
    return undefined
  }
  const session =
    reply.kind === 'http' && reply.headers.has('mcp-session-id') ? 'with sessions' : 'without sessions'
  findings.push({ step, verdict: 'good', detail: `initialize answers, ${session}` })
  return { version, server: serverOf(result?.['serverInfo']) }
}

function serverOf(info: unknown): Examination['server'] {
  return isObject(info) ? { name: String(info['name']), version: String(info['version']) } : null
}

/** MCP 2026-07-28, Server Validation: headers that differ from the body are refused with -32020. */
async function checkMismatch(url: URL, headers: ExtraHeaders): Promise<Finding> {
  const reply = await discoverModern(url, headers, { 'mcp-method': 'tools/list' })
  const step = 'headers'
  if (reply.kind === 'http' && reply.rpc?.error?.code === HEADER_MISMATCH)
    return { step, verdict: 'good', detail: 'a header that differs from the body is refused' }
  const mend = `Refuse it with HTTP 400 and JSON-RPC error ${HEADER_MISMATCH}; what stands before the server decides by headers.`
  return { step, verdict: 'doubtful', detail: 'Mcp-Method may differ from the body', mend }
}

/** MCP, Security: a server must check Origin, or any web page can reach it through a visitor's browser. */
async function checkOrigin(url: URL, headers: ExtraHeaders, modern: boolean): Promise<Finding> {
  const foreign = { ...headers, origin: 'https://parley-doctor.example' }
  const reply = modern ? await discoverModern(url, foreign) : await openSession(url, foreign)
  if (reply.kind === 'http' && reply.status === 403)
    return { step: 'origin', verdict: 'good', detail: 'a foreign Origin is refused' }
  const mend =
    'Refuse an unknown Origin with HTTP 403, or let the server listen on loopback behind the hub only.'
  return { step: 'origin', verdict: 'doubtful', detail: 'a request from any web page is served', mend }
}

async function speaksOldTransport(url: URL, headers: ExtraHeaders): Promise<boolean> {
  const reply = await ask(url, { method: 'GET', headers: { accept: 'text/event-stream', ...headers } })
  return reply.kind === 'http' && /^event: ?endpoint\r?\n/m.test(reply.text)
}
