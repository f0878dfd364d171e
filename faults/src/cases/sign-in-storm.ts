import assert from 'node:assert/strict'
import { readForm } from '../../../packages/server/test/page-visitor.ts'
import { openFace, type Face } from '../kit/face.ts'
import type { Hub } from '../kit/hub.ts'
import { asCaller, getTokens } from '../kit/people.ts'
import { sendStorm, type StormAnswer } from '../kit/storm-client.ts'
import { isActive } from '../kit/token-endpoint.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { openIdentity } from '../run/identity-hub.ts'
import type { Rig } from '../run/rig.ts'
import { expectEcho, percentile, sleep } from './expectations.ts'

/** R26 and D12: many who do not know a password cost those who are in nothing. */
export const signInStormGroup: FaultGroup = {
  name: 'sign-in-storm',
  runsAlone: true,
  cases: [
    {
      requirement: 'R26',
      also: ['D12'],
      name: 'hundreds of wrong passwords at once: the excess is refused at once, other traffic goes on',
      run: storm,
    },
  ],
}

async function storm(rig: Rig): Promise<void> {
  const tries = rig.settings.isFull ? 500 : 160
  const { hub, app, ada, endpoint } = await openIdentity(rig)
  const { access } = await getTokens(app, ada, { resource: endpoint })
  const face = await openFace(asCaller(hub, access), '2026-07-28', '/mcp/servers/modern')
  const requests = await signIns(hub, tries)
  // A hub in use has done this before: its first time is a matter of compiling.
  if (rig.settings.isFull) await sendStorm({ port: hub.port, requests })
  const until = performance.now() + 1000
  const quietMs = await timeCalls(face, () => performance.now() > until)
  await hub.send({ method: 'GET', path: '/metrics' })
  const state = { isDone: false }
  const busy = timeCalls(face, () => state.isDone)
  const answers = await sendStorm({ port: hub.port, requests }).finally(() => (state.isDone = true))
  const busyMs = await busy
  const refused = answers.filter(({ status }) => status === 429)
  assert.deepEqual([...new Set(answers.map(({ status }) => status))].toSorted(), [401, 429])
  assert.ok(refused.length > tries / 4, `${refused.length} of ${tries} were refused`)
  assert.ok(
    refused.every(({ hasRetryAfter }) => hasRetryAfter),
    'a 429 without Retry-After',
  )
  rig.note(`${tries - refused.length} tried, ${refused.length} refused`)
  const refusalMs = timeOf(refused, 0.99)
  const triedMs = timeOf(
    answers.filter(({ status }) => status === 401),
    0.5,
  )
  // Where others use the machine too everything takes long, but who is refused does not wait for who is tried.
  rig.note(`p99 of a refusal: ${refusalMs.toFixed(0)} ms; median of a try: ${triedMs.toFixed(0)} ms`)
  if (rig.settings.isFull) rig.figure('p99 of a refusal, ms', refusalMs, 200)
  else assert.ok(refusalMs < triedMs, `refused after ${refusalMs} ms, tried after ${triedMs} ms`)
  rig.slowdown('p99 of a call meanwhile', { quietMs, busyMs }, 2)
  const { text } = await hub.send({ method: 'GET', path: '/metrics' })
  const lag = /parley_event_loop_lag_seconds\{[^}]*quantile="0\.99"[^}]*\} (\S+)/.exec(text)?.[1]
  assert.ok(lag !== undefined, 'the metrics tell no loop lag')
  if (rig.settings.isFull) rig.figure('loop lag p99, ms', Number(lag) * 1000, 50)
  assert.ok(await isActive(hub, access))
}

function timeOf(answers: readonly StormAnswer[], part: number): number {
  return percentile(
    answers.map(({ ms }) => ms),
    part,
  )
}

/** The p99 of calls one after the other. */
async function timeCalls(face: Face, isEnough: () => boolean): Promise<number> {
  const times: number[] = []
  while (!isEnough() || times.length < 50) {
    const started = performance.now()
    await expectEcho(face)
    times.push(performance.now() - started)
    await sleep(2)
  }
  return percentile(times, 0.99)
}

/** As the form of the sign-in page sends them, for accounts that do not exist. */
async function signIns(hub: Hub, count: number): Promise<string[]> {
  const page = await fetch(`${hub.url}/login`)
  const cookies = page.headers.getSetCookie().map((line) => line.split(';')[0])
  const form = readForm(await page.text())
  return Array.from({ length: count }, (_, at) => {
    const fields = { ...form, email: `nobody${at}@example.com`, password: 'wrong and long enough' }
    const body = new URLSearchParams(fields).toString()
    return [
      'POST /login HTTP/1.1',
      `Host: ${new URL(hub.url).host}`,
      'Connection: close',
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Sec-Fetch-Site: same-origin',
      `Origin: ${hub.url}`,
      `Cookie: ${cookies.join('; ')}`,
      '',
      body,
    ].join('\r\n')
  })
}
