import assert from 'node:assert/strict'
import { request } from 'node:http'
import { isActive } from '../kit/token-endpoint.ts'
import type { Hub } from '../kit/hub.ts'
import { asCaller, getTokens } from '../kit/people.ts'
import { openFace } from '../kit/face.ts'
import { readForm } from '../../../packages/server/test/page-visitor.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { openIdentity } from '../run/identity-hub.ts'
import type { Rig } from '../run/rig.ts'
import { expectEcho, percentile, sleep } from './expectations.ts'

const TRIES = 500

/** R26 and D12: many who do not know a password cost those who are in nothing. */
export const signInStormGroup: FaultGroup = {
  name: 'sign-in-storm',
  runsAlone: true,
  cases: [
    {
      requirement: 'R26',
      also: ['D12'],
      name: 'five hundred wrong passwords at once: the excess is refused at once, other traffic goes on',
      isLong: true,
      run: storm,
    },
  ],
}

async function storm(rig: Rig): Promise<void> {
  const { hub, app, ada, endpoint } = await openIdentity(rig)
  const { access } = await getTokens(app, ada, { resource: endpoint })
  const face = await openFace(asCaller(hub, access), '2026-07-28', '/mcp/servers/modern')
  const state = { isDone: false }
  async function timeCalls(enough: () => boolean): Promise<number> {
    const times: number[] = []
    while (!enough() || times.length < 50) {
      const started = performance.now()
      await expectEcho(face)
      times.push(performance.now() - started)
      await sleep(2)
    }
    return percentile(times, 0.99)
  }
  const until = performance.now() + 1000
  const quietMs = await timeCalls(() => performance.now() > until)
  await hub.send({ method: 'GET', path: '/metrics' })
  const busy = timeCalls(() => state.isDone)
  const page = await fetch(`${hub.url}/login`)
  const cookie = page.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const form = readForm(await page.text())
  const answers = await Promise.all(
    Array.from({ length: TRIES }, (_, at) =>
      signIn(hub, {
        address: `127.9.${at >> 8}.${(at % 250) + 1}`,
        cookie,
        fields: { ...form, email: `nobody${at}@example.com`, password: 'wrong and long enough' },
      }),
    ),
  )
  state.isDone = true
  const busyMs = await busy
  const refused = answers.filter(({ status }) => status === 429)
  assert.deepEqual([...new Set(answers.map(({ status }) => status))].toSorted(), [401, 429])
  assert.ok(refused.length > TRIES / 4, `${refused.length} of ${TRIES} were refused`)
  rig.note(`${TRIES - refused.length} tried, ${refused.length} refused`)
  // From the first of them, since all of them were sent at the same moment.
  rig.figure(
    'median time to a refusal, ms',
    percentile(
      refused.map(({ ms }) => ms),
      0.5,
    ),
    200,
  )
  rig.slowdown('p99 of a call meanwhile', { quietMs, busyMs }, 2)
  const { text } = await hub.send({ method: 'GET', path: '/metrics' })
  const lag = /parley_event_loop_lag_seconds\{[^}]*quantile="0\.99"[^}]*\} (\S+)/.exec(text)?.[1]
  assert.ok(lag !== undefined, 'the metrics tell no loop lag')
  rig.figure('loop lag p99, ms', Number(lag) * 1000, 50)
  assert.ok(await isActive(hub, access))
}

interface Try {
  readonly address: string
  readonly cookie: string
  readonly fields: Readonly<Record<string, string>>
}

/** From an address of its own, since tries are counted by address. */
function signIn(hub: Hub, { address, cookie, fields }: Try): Promise<{ status: number; ms: number }> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port: hub.port,
      localAddress: address,
      method: 'POST',
      path: '/login',
      headers: {
        host: new URL(hub.url).host,
        'content-type': 'application/x-www-form-urlencoded',
        'sec-fetch-site': 'same-origin',
        origin: hub.url,
        cookie,
      },
    })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode ?? 0, ms: performance.now() - started }))
    })
    outgoing.end(new URLSearchParams(fields).toString())
  })
}
