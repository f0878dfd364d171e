import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openFace } from '../kit/face.ts'
import type { Hub } from '../kit/hub.ts'
import { asCaller, getCode, getTokens, joinInvited } from '../kit/people.ts'
import { postToken, refreshAt } from '../kit/token-endpoint.ts'
import type { Json } from '../evil/evil-state.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { openIdentity } from '../run/identity-hub.ts'
import type { Rig } from '../run/rig.ts'
import { expectEcho } from './expectations.ts'

/** R35: what was secret on its way in or out stands nowhere afterwards. */
export const markedSecretsGroup: FaultGroup = {
  name: 'identity-secrets',
  cases: [
    {
      requirement: 'R35',
      name: 'passwords, codes, tokens, secrets and links stand in no log, database file or metric',
      run: nothingStays,
    },
  ],
}

async function nothingStays(rig: Rig): Promise<void> {
  const { hub, app, ada, endpoint } = await openIdentity(rig)
  const setupSecret = new URL(hub.setupLink!).pathname.split('/').at(-1)!
  const invited = await hub.api('POST', '/api/invitations', { email: 'eve@example.com', roles: ['member'] })
  const bob = await joinInvited(hub, 'bob@example.com')
  const code = await getCode(app, ada, endpoint)
  const first = await postToken(hub, code.form)
  const second = await refreshAt(hub, String(first.json?.['refresh_token']))
  const { access, refresh } = await getTokens(app, bob, { resource: endpoint })
  await expectEcho(await openFace(asCaller(hub, access), '2026-07-28', '/mcp/servers/modern'))
  const agent = await hub.api('POST', '/api/agents', {
    name: 'night-shift',
    owner: ada.id,
    proof: { kind: 'secret' },
  })
  const desk = await hub.api('POST', '/api/apps', {
    name: 'Desk with a secret',
    redirectUris: ['https://safe.example/callback'],
    authMethod: 'client_secret_basic',
  })
  const value = 'zzSECRET-of-a-connection'
  const connection = { server: 'modern', headers: [{ name: 'X-Api-Key', value }] }
  assert.equal((await hub.api('POST', '/api/connections', connection)).status, 200)
  await expectEcho(await openFace(asCaller(hub, access), '2026-07-28', '/mcp/servers/modern'))
  const secrets: Readonly<Record<string, unknown>> = {
    'secret of a connection': value,
    "ada's password": ada.password,
    "bob's password": bob.password,
    'secret of the authenticator': ada.totpSecret,
    'setup link': setupSecret,
    invitation: new URL(String(invited.json?.['url'])).pathname.split('/').at(-1),
    code: code.value,
    verifier: code.form['code_verifier'],
    'access token': first.json?.['access_token'],
    'spent refresh token': first.json?.['refresh_token'],
    'its successor': second.json?.['refresh_token'],
    "bob's access token": access,
    "bob's refresh token": refresh,
    'secret of the agent': (agent.json?.['shownOnce'] as Json | undefined)?.['secret'],
    'secret of the app': desk.json?.['secret'],
    "administrator's key": hub.key,
  }
  const places = await placesOf(hub)
  for (const [label, secret] of Object.entries(secrets)) {
    assert.ok(typeof secret === 'string' && secret.length >= 16, `no ${label} to look for`)
    for (const [place, bytes] of Object.entries(places))
      assert.ok(!bytes.includes(secret), `${label} stands in ${place}`)
  }
  rig.note(`${Object.keys(secrets).length} secrets in ${Object.keys(places).join(', ')}: 0 hits`)
}

/** Everything that the hub leaves behind or tells; its ready line is where the setup link belongs. */
async function placesOf(hub: Hub): Promise<Record<string, Buffer>> {
  const files = readdirSync(hub.dataDir).filter((name) => name.startsWith('parley.db'))
  const lines = hub.log().split('\n')
  const metrics = await hub.send({ method: 'GET', path: '/metrics' })
  const activity = await hub.api('GET', '/api/activity')
  const proc = (name: string) => readFileSync(`/proc/${hub.pid}/${name}`)
  return {
    ...Object.fromEntries(files.map((name) => [name, readFileSync(join(hub.dataDir, name))])),
    log: Buffer.from(lines.filter((line) => !line.includes('"event":"ready"')).join('\n')),
    metrics: Buffer.from(metrics.text),
    activity: Buffer.from(activity.text),
    cmdline: proc('cmdline'),
    environ: proc('environ'),
  }
}
