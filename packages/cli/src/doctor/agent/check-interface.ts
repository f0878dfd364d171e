import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { ask, type Reply } from '../../ask.ts'
import { isLoopback, whyNotFollow } from '../../may-follow.ts'
import { isObject } from '../../read-response.ts'
import { explainRefusal } from '../explain-refusal.ts'
import type { Finding } from '../finding.ts'
import type { DoctorInterface } from './check-card.ts'

type ExtraHeaders = Readonly<Record<string, string>>
type Checked = { readonly works: boolean; readonly findings: readonly Finding[] }

const TASK_NOT_FOUND = -32001
const VERSION_NOT_SUPPORTED = -32009
const CONNECT_LIMIT_MS = 5000
const VERSIONS = ['1.0', '0.3']

/** One interface of a card: where it is, whether it answers as its binding says, and what it makes of `A2A-Version`. */
export async function checkInterface(
  one: DoctorInterface,
  cardUrl: URL,
  headers: ExtraHeaders,
): Promise<Checked> {
  const version = /^\d+\.\d+/.exec(one.protocolVersion)?.[0] ?? ''
  const step = `${one.protocolBinding} ${one.protocolVersion}`
  if (!VERSIONS.includes(version) || !['JSONRPC', 'HTTP+JSON', 'GRPC'].includes(one.protocolBinding))
    return {
      works: false,
      findings: [{ step, verdict: 'doubtful', detail: 'not spoken by Parley; others may' }],
    }
  const placed = checkPlace(one, cardUrl, step)
  if (one.protocolBinding === 'GRPC') {
    const reached = await checkPort(one.url, step)
    return { works: reached.verdict === 'good', findings: [...placed, reached] }
  }
  const url = URL.parse(one.url)
  const why = url ? whyNotFollow(cardUrl, one.url) : 'is no URL'
  if (!url || why !== undefined) {
    const mend = 'Give the address under which clients reach the agent.'
    return {
      works: false,
      findings: [...placed, { step, verdict: 'bad', detail: `${one.url} ${why}`, mend }],
    }
  }
  const answered = readAnswer(await askTask({ ...one, version }, headers), { step, url })
  if (answered.verdict === 'bad') return { works: false, findings: [...placed, answered] }
  const needsCredential = answered.verdict === 'doubtful'
  const versions = needsCredential ? [] : [await checkVersion({ ...one, version }, headers, step)]
  return { works: true, findings: [...placed, answered, ...versions] }
}

/** H6: elsewhere than the card, an administrator has to name the host. */
function checkPlace({ url }: DoctorInterface, cardUrl: URL, step: string): Finding[] {
  const address = /^https?:\/\//i.test(url)
    ? URL.parse(url)
    : URL.parse(`https://${url.replace(/^dns:\/{0,3}/, '')}`)
  if (!address) return []
  const isPlain = /^http:\/\//i.test(url) && !isLoopback(address.hostname)
  const findings: Finding[] = isPlain
    ? [{ step, verdict: 'doubtful', detail: `${url} is plain http`, mend: 'Serve it by https (A2A §7.1).' }]
    : []
  if (address.origin === cardUrl.origin) return findings
  const host = `${address.hostname}:${address.port || (address.protocol === 'http:' ? '80' : '443')}`
  return [
    ...findings,
    {
      step,
      verdict: 'doubtful',
      detail: `it is at another origin than the card (${address.host})`,
      mend: `Serve both at one origin, or add the agent with --allow-host ${host}.`,
    },
  ]
}

interface AskedInterface extends DoctorInterface {
  readonly version: string
}

/** For a task that it cannot have: what it says then shows that it understands, and nothing is done. */
function askTask(
  { url, protocolBinding, version }: AskedInterface,
  extra: ExtraHeaders,
  asVersion: string = version,
): Promise<Reply> {
  const id = randomUUID()
  const common = { ...(asVersion !== '' && { 'a2a-version': asVersion }), ...extra }
  if (protocolBinding === 'HTTP+JSON') {
    const path = version === '0.3' ? `/v1/tasks/${id}` : `/tasks/${id}`
    const headers = { accept: 'application/a2a+json, application/json', ...common }
    return ask(new URL(url.replace(/\/+$/, '') + path), { method: 'GET', headers })
  }
  const method = version === '0.3' ? 'tasks/get' : 'GetTask'
  return ask(new URL(url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...common },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { id } }),
  })
}

function readAnswer(reply: Reply, { step, url }: { step: string; url: URL }): Finding {
  if (reply.kind === 'none') return { ...explainRefusal(url, reply), step }
  const { status, headers } = reply
  const error = errorOf(reply)
  if (error === TASK_NOT_FOUND || error === 'TASK_NOT_FOUND')
    return {
      step,
      verdict: 'good',
      detail: `${url.href} answers, and says what it must of a task that is not there`,
    }
  if (status === 401 || status === 403) {
    const challenge = headers.get('www-authenticate')
    return {
      step,
      verdict: 'doubtful',
      detail: `${url.href} wants a credential (${challenge ?? 'no WWW-Authenticate, which it should send'})`,
      mend: "To look further: --header 'Authorization: Bearer …'.",
    }
  }
  if (status >= 300 && status < 400)
    return {
      step,
      verdict: 'bad',
      detail: `${url.href} redirects (HTTP ${status})`,
      mend: 'Name the real address in the card; redirects are not followed.',
    }
  const said =
    error === undefined ? `HTTP ${status} with ${reply.contentType || 'no content type'}` : `error ${error}`
  return {
    step,
    verdict: 'bad',
    detail: `${url.href} answers ${said} when asked for a task that is not there`,
    mend: 'It must be TaskNotFound (A2A §3.3.2). Is this the address and the version that the card means?',
  }
}

/** A2A §3.6.2: a version that is not spoken must be refused. */
async function checkVersion(one: AskedInterface, headers: ExtraHeaders, step: string): Promise<Finding> {
  const error = errorOf(await askTask(one, headers, '99.0'))
  if (error === VERSION_NOT_SUPPORTED || error === 'VERSION_NOT_SUPPORTED')
    return { step, verdict: 'good', detail: 'A2A-Version 99.0 is refused' }
  return {
    step,
    verdict: 'doubtful',
    detail: 'A2A-Version 99.0 is answered like any other',
    mend: 'Refuse versions that are not spoken with VersionNotSupported (-32009), so that clients notice.',
  }
}

/** The number of JSON-RPC, or the reason of google.rpc.Status. */
function errorOf(reply: Reply): number | string | undefined {
  if (reply.kind === 'none') return undefined
  if (reply.rpc?.error && typeof reply.rpc.error.code === 'number' && reply.rpc.error.code < 0)
    return reply.rpc.error.code
  const error = parse(reply.text)?.['error'] ?? parse(reply.text)
  if (!isObject(error)) return undefined
  const details = Array.isArray(error['details']) ? error['details'] : []
  const info = details.find((detail) => isObject(detail) && typeof detail['reason'] === 'string')
  if (isObject(info)) return String(info['reason'])
  return typeof error['code'] === 'number' ? error['code'] : undefined
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    // What is no JSON names no error.
    return undefined
  }
}

/** gRPC is not spoken here; that something listens can be seen. */
function checkPort(target: string, step: string): Promise<Finding> {
  const bare = target.replace(/^dns:\/{0,3}/, '')
  const url = URL.parse(/^https?:\/\//i.test(bare) ? bare : `https://${bare}`)
  if (!url) return Promise.resolve({ step, verdict: 'bad', detail: `${target} is no address` })
  const port = Number(url.port || (url.protocol === 'http:' ? 80 : 443))
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_LIMIT_MS })
    const end = (finding: Omit<Finding, 'step'>) => {
      socket.destroy()
      resolve({ step, ...finding })
    }
    const silent = { verdict: 'bad', mend: 'Start it, or mend the address in the card.' } as const
    socket.once('connect', () =>
      end({
        verdict: 'good',
        detail: `something listens at ${url.host}`,
        mend: 'To have it asked: parley agents test NAME.',
      }),
    )
    socket.once('timeout', () => end({ ...silent, detail: `no answer at ${url.host}` }))
    socket.once('error', () => end({ ...silent, detail: `nothing listens at ${url.host}` }))
  })
}
