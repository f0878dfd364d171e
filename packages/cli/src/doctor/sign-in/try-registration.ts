import { ask } from '../../ask.ts'
import type { Finding } from '../finding.ts'
import { listOf, readJson, shown } from '../../fetch-json.ts'
import type { Metadata } from './find-resource-metadata.ts'
import { whyNotFollow } from '../../may-follow.ts'

const LOOPBACK = 'http://127.0.0.1/callback'
/** Plain http to a name that is nobody's (RFC 2606). */
const FOREIGN = 'http://parley-doctor.invalid/callback'

/** Registers a throw-away app as a client on a person's machine would (RFC 7591), and one that no server should take. */
export async function tryRegistration(from: URL, server: Metadata): Promise<Finding[]> {
  const endpoint = server['registration_endpoint']
  const step = 'registering'
  if (endpoint === undefined)
    return [{ step, verdict: 'doubtful', detail: 'there is no registration_endpoint' }]
  const whyNot = whyNotFollow(from, endpoint)
  if (whyNot !== undefined)
    return [{ step, verdict: 'bad', detail: `${shown(endpoint)} ${whyNot}`, mend: 'Use https.' }]
  const url = new URL(String(endpoint))
  const good = await register(url, LOOPBACK)
  const findings: Finding[] = [good.finding]
  if (good.client) await forget(from, good.client)
  const evil = await register(url, FOREIGN)
  if (evil.client) await forget(from, evil.client)
  findings.push(
    evil.client
      ? {
          step: 'redirect rules',
          verdict: 'bad',
          detail: `an app may be called back at ${FOREIGN}, where anyone on the way can take the code`,
          mend: 'Take only https, loopback and the schemes of native apps as redirect URIs, else answer invalid_redirect_uri.',
        }
      : { step: 'redirect rules', verdict: 'good', detail: 'plain http to another machine is refused' },
  )
  return findings
}

async function register(url: URL, redirectUri: string): Promise<{ client?: Metadata; finding: Finding }> {
  const reply = await ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      client_name: 'Parley doctor',
      redirect_uris: [redirectUri],
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    }),
  })
  const step = 'registering'
  const read = readJson(reply)
  if (read.kind === 'none') {
    const said = reply.kind === 'http' ? shown(reply.text.slice(0, 150)) : ''
    return {
      finding: {
        step,
        verdict: 'bad',
        detail: `a native app on loopback is refused: ${read.why} ${said}`,
        mend: `Take ${LOOPBACK} with "application_type": "native" (RFC 8252 §7.3).`,
      },
    }
  }
  const client = read.value
  if (typeof client['client_id'] !== 'string')
    return {
      finding: { step, verdict: 'bad', detail: 'the answer has no client_id', mend: 'See RFC 7591 §3.2.1.' },
    }
  if (listOf(client['redirect_uris'])?.includes(redirectUri) !== true)
    return {
      client,
      finding: {
        step,
        verdict: 'doubtful',
        detail: `the answer has the redirect URIs ${shown(client['redirect_uris'])}`,
        mend: 'Return the metadata as it was registered (RFC 7591 §3.2.1).',
      },
    }
  const isRefreshable = listOf(client['grant_types'])?.includes('refresh_token') !== false
  const detail = `a native app is taken, ${isRefreshable ? 'with' : 'without'} refresh tokens`
  return { client, finding: { step, verdict: 'good', detail } }
}

/** RFC 7592 §2.3, where the server has it; otherwise the app stays until it expires. */
async function forget(from: URL, client: Metadata): Promise<void> {
  const { registration_client_uri: uri, registration_access_token: token } = client
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) return
  if (whyNotFollow(from, uri) !== undefined) return
  await ask(new URL(String(uri)), { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })
}
