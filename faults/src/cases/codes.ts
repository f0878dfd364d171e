import assert from 'node:assert/strict'
import { openFace } from '../kit/face.ts'
import { asCaller, getCode, joinInvited } from '../kit/people.ts'
import { isActive, postToken, refreshAt } from '../kit/token-endpoint.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { openIdentity } from '../run/identity-hub.ts'
import type { Rig } from '../run/rig.ts'
import { expectEcho, expectNothingForwarded } from './expectations.ts'

/** A4: what a code brings, once, and only to whom it was given. */
export const codesGroup: FaultGroup = {
  name: 'identity-codes',
  cases: [
    {
      requirement: 'A4',
      name: 'of fifty redeems at once exactly one is answered, and what it brought is taken back',
      gap: 'none of the fifty is answered with tokens',
      run: fiftyRedeems,
    },
    {
      requirement: 'A4',
      name: 'a wrong redirect, verifier, resource or client gets nothing and does not burn the code',
      run: wrongRedeems,
    },
    {
      requirement: 'A4',
      name: 'a code that comes again later ends the tokens it brought',
      run: redeemedAgain,
    },
  ],
}

async function fiftyRedeems(rig: Rig): Promise<void> {
  const { hub, app, ada, endpoint } = await openIdentity(rig)
  for (let round = 0; round < 3; round += 1) {
    const { form } = await getCode(app, ada, endpoint)
    const replies = await Promise.all(Array.from({ length: 50 }, () => postToken(hub, form)))
    const good = replies.filter(({ status }) => status === 200)
    assert.equal(good.length, 1, `${good.length} of 50 redeems brought tokens`)
    for (const reply of replies.filter(({ status }) => status !== 200))
      assert.equal(`${reply.status} ${reply.json?.['error']}`, '400 invalid_grant')
    for (const { json } of good) {
      const access = String(json?.['access_token'])
      assert.equal(await isActive(hub, access), false, 'the tokens of a code that was redeemed again live on')
      await expectNothingForwarded(rig.modern, 'tools/call', async () => {
        const face = await openFace(asCaller(hub, access), '2026-07-28', '/mcp/servers/modern')
        assert.equal((await face.call('echo', {})).status, 401)
      })
      assert.equal((await refreshAt(hub, String(json?.['refresh_token']))).status, 400)
    }
  }
  const { form } = await getCode(app, ada, endpoint)
  const fine = await postToken(hub, form)
  const access = String(fine.json?.['access_token'])
  await expectEcho(await openFace(asCaller(hub, access), '2026-07-28', '/mcp/servers/modern'))
}

async function wrongRedeems(rig: Rig): Promise<void> {
  const { hub, app, ada, endpoint } = await openIdentity(rig)
  const eve = await joinInvited(hub, 'eve@example.com')
  const { form } = await getCode(app, ada, endpoint)
  const { form: other } = await getCode(app, eve, endpoint)
  const wrong = {
    'another redirect URI': { redirect_uri: `${form['redirect_uri']}/` },
    'another verifier': { code_verifier: other['code_verifier']! },
    'no verifier': { code_verifier: '' },
    'an unknown resource': { resource: 'https://elsewhere.example/mcp' },
    'another resource of the hub': { resource: `${hub.url}/api` },
    'another client': { client_id: 'other', redirect_uri: 'https://other.example/callback' },
  }
  for (const [label, change] of Object.entries(wrong)) {
    const reply = await postToken(hub, { ...form, ...change })
    assert.equal(reply.status, 400, `${label}: ${reply.status} ${reply.text.slice(0, 200)}`)
    assert.equal(reply.json?.['access_token'], undefined, label)
  }
  const fine = await postToken(hub, form)
  assert.equal(fine.status, 200, `after the wrong ones: ${fine.text.slice(0, 200)}`)
  assert.ok(await isActive(hub, String(fine.json?.['access_token'])))
}

async function redeemedAgain(rig: Rig): Promise<void> {
  const { hub, app, ada, endpoint } = await openIdentity(rig)
  const { form } = await getCode(app, ada, endpoint)
  const first = await postToken(hub, form)
  const access = String(first.json?.['access_token'])
  const face = await openFace(asCaller(hub, access), '2026-07-28', '/mcp/servers/modern')
  await expectEcho(face)
  const again = await postToken(hub, form)
  assert.equal(`${again.status} ${again.json?.['error']}`, '400 invalid_grant')
  await expectNothingForwarded(rig.modern, 'tools/call', async () => {
    assert.equal((await face.call('echo', {})).status, 401)
  })
  assert.equal(await isActive(hub, access), false)
  assert.equal((await refreshAt(hub, String(first.json?.['refresh_token']))).status, 400)
}
