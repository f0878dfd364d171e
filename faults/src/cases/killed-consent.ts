import assert from 'node:assert/strict'
import { ask, redeem } from '../../../packages/server/test/oauth-app.ts'
import { decide, type Visited } from '../../../packages/server/test/page-visitor.ts'
import type { Json } from '../evil/evil-state.ts'
import { openFace } from '../kit/face.ts'
import type { Hub } from '../kit/hub.ts'
import { asCaller } from '../kit/people.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { openIdentity, type IdentityHub } from '../run/identity-hub.ts'
import type { Rig } from '../run/rig.ts'
import { expectEcho, sleep } from './expectations.ts'

/** A4: what a person decided is written as a whole or not at all. */
export const killedConsentGroup: FaultGroup = {
  name: 'identity-consent',
  cases: [
    {
      requirement: 'A4',
      name: 'a hub killed while a person allows an app leaves the whole of it or nothing, and the app can go on',
      run: killedWhileAllowing,
    },
  ],
}

/** Longer than a decision takes from the click to the code. */
const DECISION_MS = 120

async function killedWhileAllowing(rig: Rig): Promise<void> {
  const identity = await openIdentity(rig)
  const { app, ada, endpoint } = identity
  const kills = rig.settings.isFull ? 60 : 6
  const seen = { code: 0, 'grant without code': 0, nothing: 0 }
  for (let kill = 0; kill < kills; kill += 1) {
    const asked = await ask(app, { resource: endpoint, prompt: 'consent' })
    const page = await ada.visitor.open(asked.url.href)
    assert.match(page.text, /name="decision"/)
    await sleep(550)
    const deciding = ada.visitor.submit(page, { ...choices(page), decision: 'allow' }).catch(() => undefined)
    await sleep(rig.random.integer(kill % 2 === 0 ? DECISION_MS : DECISION_MS / 12))
    await identity.restart()
    const answer = await deciding
    const callback = answer && answer.url.startsWith(app.redirectUri) ? new URL(answer.url) : undefined
    const left = await grantsOf(identity)
    assert.ok(left.length <= 1, `${left.length} grants after kill ${kill + 1}`)
    if (callback) {
      assert.equal(left.length, 1, 'a code without its grant')
      await redeem(app, { callback, verifier: asked.verifier })
    }
    seen[callback ? 'code' : left.length > 0 ? 'grant without code' : 'nothing'] += 1
    await goOn(rig, identity, { page, left })
  }
  rig.note(`${kills} kills: ${JSON.stringify(seen)}`)
}

/** Whatever was left, the page answers in words, and the app that asks again gets what the person allowed. */
async function goOn(
  rig: Rig,
  identity: IdentityHub,
  { page, left }: { page: Visited; left: readonly Json[] },
): Promise<void> {
  const { app, ada, endpoint, hub } = identity
  const again = await ada.visitor.open(page.url)
  assert.ok(again.status < 500, `the page answers ${again.status}: ${again.text.slice(0, 200)}`)
  const asked = await ask(app, { resource: endpoint })
  const next = await ada.visitor.open(asked.url.href)
  const isAsked = next.text.includes('name="decision"')
  assert.equal(isAsked, left.length === 0, 'the person is asked again exactly when nothing was written')
  const callback = await decide(ada.visitor, next, choices(next))
  const { access_token } = await redeem(app, { callback, verifier: asked.verifier })
  await expectEcho(await openFace(asCaller(hub, access_token), '2026-07-28', '/mcp/servers/modern'))
  const [grant, ...others] = await grantsOf(identity)
  assert.ok(grant && others.length === 0, `${others.length + 1} grants for one consent`)
  if (left[0]) assert.equal(grant['id'], left[0]['id'])
  assert.ok(await hasRecord(hub, grant['id']), 'a grant without its record')
  // So that the next one is sometimes a new grant and sometimes a changed one.
  if (rig.random.integer(2) === 0) await hub.api('DELETE', `/api/grants/${String(grant['id'])}`)
}

async function hasRecord(hub: Hub, grant: unknown): Promise<boolean> {
  for (let query = ''; ;) {
    const { json } = await hub.api('GET', `/api/activity${query}`)
    const records = (json?.['records'] ?? []) as Json[]
    if (records.some((record) => record['action'] === 'grant.create' && record['grant'] === grant))
      return true
    if (typeof json?.['next'] !== 'number') return false
    query = `?before=${json['next']}`
  }
}

function choices({ text }: Visited): Record<string, string> {
  const boxes = [...text.matchAll(/<input\s+type="checkbox"[^>]*\sname="([^"]+)"/g)]
  return Object.fromEntries(boxes.map(([, name = '']) => [name, 'on']))
}

async function grantsOf({ hub, ada }: IdentityHub): Promise<Json[]> {
  const { json } = await hub.api('GET', `/api/grants?person=${ada.id}`)
  const all = (json?.['grants'] ?? []) as Json[]
  return all.filter(({ kind }) => kind === 'consent')
}
