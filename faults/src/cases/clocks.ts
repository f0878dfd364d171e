import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createGuard } from '@parley/sdk'
import { SignJWT, importJWK, type JWK } from 'jose'
import type { Json } from '../evil/evil-state.ts'
import { openFace } from '../kit/face.ts'
import type { Hub } from '../kit/hub.ts'
import { asCaller, getCode, getTokens } from '../kit/people.ts'
import { isActive, postToken, refreshAt, tokenIn } from '../kit/token-endpoint.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { openIdentity } from '../run/identity-hub.ts'
import type { Rig } from '../run/rig.ts'
import { expectEcho, expectNothingForwarded, sleep } from './expectations.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const ENDPOINT = '/mcp/servers/modern'

/** R22: clocks that are wrong, and clocks that are set. Also the ends of a code's minute (A4) and of a retry's time (R4). */
export const clocksGroup: FaultGroup = {
  name: 'identity-clocks',
  cases: [
    {
      requirement: 'R22',
      name: 'an assertion of a clock that is a minute wrong is taken, of one that is five minutes wrong not',
      run: wrongClients,
    },
    {
      requirement: 'R22',
      name: 'a guard whose clock is a minute wrong takes our tokens, one that is five minutes wrong does not',
      run: wrongGuards,
    },
    {
      requirement: 'R22',
      also: ['A4', 'R4'],
      name: 'the clock is set back ten minutes: nothing that has ended begins again, and new tokens are good',
      run: setBack,
    },
    {
      requirement: 'R22',
      name: 'the clock is set back and forth: limits, deadlines and the order of records keep',
      run: keepsTime,
    },
    {
      requirement: 'A4',
      name: 'a code is good for a minute and no longer',
      run: codeEnds,
    },
    {
      requirement: 'R4',
      name: 'a spent refresh token brings its successor again for ten seconds, then it ends the family',
      run: retryEnds,
    },
  ],
}

async function wrongClients(rig: Rig): Promise<void> {
  const { hub } = await openIdentity(rig)
  const agent = await addAgent(hub)
  const shifts: readonly (readonly [string, number, Times])[] = [
    ['right', 200, { iat: 0, exp: 60 }],
    ['55 s ahead', 200, { iat: 55, exp: 115 }],
    ['55 s behind', 200, { iat: -115, exp: -55 }],
    ['not before in 55 s', 200, { iat: 0, nbf: 55, exp: 100 }],
    ['five minutes ahead', 401, { iat: 300, exp: 350 }],
    ['five minutes behind', 401, { iat: -360, exp: -300 }],
    ['not before in five minutes', 401, { iat: 0, nbf: 300, exp: 350 }],
  ]
  for (const [label, status, times] of shifts) {
    const reply = await postToken(hub, await agent.form(times))
    assert.equal(reply.status, status, `${label}: ${reply.text.slice(0, 200)}`)
    if (status === 401) assert.equal(reply.json?.['error'], 'invalid_client', label)
  }
}

interface Times {
  /** Seconds from now. */
  readonly iat: number
  readonly exp: number
  readonly nbf?: number
}

/** An agent with a key of its own that may call everything, and the form by which it gets a token. */
async function addAgent(hub: Hub) {
  const added = await hub.api('POST', '/api/agents', { name: 'clock' })
  assert.equal(added.status, 200, added.text)
  const { agent, shownOnce } = added.json as unknown as {
    agent: { id: string }
    shownOnce: { privateKey: JWK }
  }
  const entitled = await hub.api('POST', '/api/grants', {
    holder: { kind: 'agent', id: agent.id },
    terms: {
      audiences: { [`${hub.url}/mcp`]: ['mcp'] },
      capabilities: [{ capability: 'tool:modern/*' }],
      limits: {},
      expiresAt: null,
    },
  })
  assert.equal(entitled.status, 200, entitled.text)
  const key = await importJWK(shownOnce.privateKey, 'ES256')
  return {
    async form({ iat, exp, nbf = iat }: Times): Promise<Record<string, string>> {
      const now = Math.floor(Date.now() / SECOND)
      const claims = { iss: agent.id, sub: agent.id, aud: hub.url, jti: randomUUID() }
      const assertion = await new SignJWT({ ...claims, iat: now + iat, exp: now + exp, nbf: now + nbf })
        .setProtectedHeader({ alg: 'ES256', kid: shownOnce.privateKey.kid! })
        .sign(key)
      return {
        grant_type: 'client_credentials',
        client_id: agent.id,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }
    },
  }
}

const NOTES = 'https://notes.example/mcp'

async function wrongGuards(rig: Rig): Promise<void> {
  const resources = { notes: { url: NOTES, scopes: { 'notes:read': 'Read notes' } } }
  const { hub, app, ada } = await openIdentity(rig, { config: { resources } })
  const { access } = await getTokens(app, ada, { resource: NOTES })
  const { iat, exp } = claimsOf(access)
  const lifeMs = (exp - iat) * SECOND
  const shifts = [
    ['right', 'caller', 0],
    ['55 s behind', 'caller', -55 * SECOND],
    ['50 s past the end', 'caller', lifeMs + 50 * SECOND],
    ['five minutes behind', 'refused', -5 * MINUTE],
    ['five minutes past the end', 'refused', lifeMs + 5 * MINUTE],
  ] as const
  for (const [label, kind, offsetMs] of shifts) {
    const guard = createGuard({ issuer: hub.url, resource: NOTES, now: () => Date.now() + offsetMs })
    rig.defer(() => guard[Symbol.asyncDispose]())
    const checked = await guard.check(`Bearer ${access}`)
    assert.equal(checked.kind, kind, label)
  }
}

function claimsOf(token: string): { iat: number; exp: number } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    iat: number
    exp: number
  }
}

async function setBack(rig: Rig): Promise<void> {
  const { hub, app, ada, endpoint } = await openIdentity(rig, { isClockMovable: true })
  const old = await getTokens(app, ada, { resource: endpoint })
  const spent = await getTokens(app, ada, { resource: endpoint })
  const successor = await refreshAt(hub, spent.refresh)
  assert.equal(successor.status, 200)
  const { form } = await getCode(app, ada, endpoint)
  const face = await openFace(asCaller(hub, old.access), '2026-07-28', ENDPOINT)
  await expectEcho(face)
  async function expectOver(when: string): Promise<void> {
    await expectNothingForwarded(rig.modern, 'tools/call', async () => {
      assert.equal((await face.call('echo', {})).status, 401, when)
    })
    assert.equal(await isActive(hub, old.access), false, when)
    const reply = await postToken(hub, form)
    assert.equal(`${reply.status} ${reply.json?.['error']}`, '400 invalid_grant', when)
  }
  await hub.setClock(11 * MINUTE)
  await expectOver('after their time')
  await hub.setClock(MINUTE)
  await expectOver('after the clock was set back')
  assert.match(hub.log(), /clock of this machine was set back/)
  // Its ten seconds are over by either clock.
  assert.equal((await refreshAt(hub, spent.refresh)).status, 400)
  assert.equal((await refreshAt(hub, tokenIn(successor, 'refresh_token'))).status, 400)
  const fresh = await refreshAt(hub, old.refresh)
  assert.equal(fresh.status, 200, fresh.text)
  const access = tokenIn(fresh, 'access_token')
  const { iat, exp } = claimsOf(access)
  assert.equal(exp - iat, claimsOf(old.access).exp - claimsOf(old.access).iat)
  await expectEcho(await openFace(asCaller(hub, access), '2026-07-28', ENDPOINT))
  assert.ok(await isActive(hub, access))
  const { access: another } = await getTokens(app, ada, { resource: endpoint })
  await expectEcho(await openFace(asCaller(hub, another), '2025-11-25', ENDPOINT))
}

const PER_SECOND = 20

async function keepsTime(rig: Rig): Promise<void> {
  const limits = { requestsPerSecond: PER_SECOND, upstreamTimeoutMs: 1500 }
  const { hub, app, ada, endpoint } = await openIdentity(rig, { isClockMovable: true, limits })
  const { access } = await getTokens(app, ada, { resource: endpoint })
  const face = await openFace(asCaller(hub, access), '2026-07-28', ENDPOINT)
  for (const offsetMs of [-10 * MINUTE, 5 * MINUTE, -5 * MINUTE]) {
    const started = performance.now()
    const hanging = face.call('hang', {}, { timeoutMs: 20_000 })
    await sleep(300)
    await hub.setClock(offsetMs)
    const cut = await hanging
    assert.ok(cut.answer?.['error'], cut.text.slice(0, 200))
    const late = performance.now() - started - limits.upstreamTimeoutMs
    rig.figure(`clock moved to ${offsetMs / MINUTE} min: a hang cut past its limit by, ms`, late, 500)
    const burst = await Promise.all(
      Array.from({ length: PER_SECOND * 4 }, () => face.call('echo', { text: 'proper' })),
    )
    const refused = burst.filter(({ status }) => status === 429)
    assert.ok(refused.length >= PER_SECOND, `only ${refused.length} of ${burst.length} were refused`)
    for (const { headers } of refused)
      assert.ok(Number(headers['retry-after']) <= 2, `Retry-After: ${headers['retry-after']}`)
    await sleep(1100)
    await expectEcho(face)
  }
  const { json } = await hub.api('GET', '/api/activity')
  const records = ((json?.['records'] ?? []) as Json[]).toReversed()
  assert.ok(records.length > PER_SECOND)
  for (const [index, record] of records.entries()) {
    const before = records[index - 1]
    if (!before) continue
    assert.ok(Number(record['seq']) > Number(before['seq']))
    assert.ok(String(record['at']) >= String(before['at']), `${before['at']} and then ${record['at']}`)
  }
}

async function codeEnds(rig: Rig): Promise<void> {
  const { hub, app, ada, endpoint } = await openIdentity(rig, { isClockMovable: true })
  const { form: inTime } = await getCode(app, ada, endpoint)
  const { form: late } = await getCode(app, ada, endpoint)
  await hub.setClock(50 * SECOND)
  assert.equal((await postToken(hub, inTime)).status, 200)
  await hub.setClock(62 * SECOND)
  const reply = await postToken(hub, late)
  assert.equal(`${reply.status} ${reply.json?.['error']}`, '400 invalid_grant')
  assert.equal(reply.json?.['access_token'], undefined)
}

async function retryEnds(rig: Rig): Promise<void> {
  const { hub, app, ada } = await openIdentity(rig, { isClockMovable: true })
  const { refresh } = await getTokens(app, ada)
  const first = await refreshAt(hub, refresh)
  const successor = tokenIn(first, 'refresh_token')
  await hub.setClock(7 * SECOND)
  const again = await refreshAt(hub, refresh)
  assert.equal(again.status, 200)
  assert.equal(tokenIn(again, 'refresh_token'), successor, 'a retry has another successor')
  assert.ok(await isActive(hub, tokenIn(again, 'access_token')))
  await hub.setClock(11 * SECOND)
  const late = await refreshAt(hub, refresh)
  assert.equal(`${late.status} ${late.json?.['error']}`, '400 invalid_grant')
  assert.equal((await refreshAt(hub, successor)).status, 400, 'the family lives on')
  for (const reply of [first, again])
    assert.equal(await isActive(hub, tokenIn(reply, 'access_token')), false, 'its tokens live on')
}
