import assert from 'node:assert/strict'
import { createGuard } from '@parley/sdk'
import { openFace } from '../kit/face.ts'
import { asCaller, getTokens } from '../kit/people.ts'
import { openStream } from '../kit/stream.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { openIdentity } from '../run/identity-hub.ts'
import type { Rig } from '../run/rig.ts'
import { expectEcho, percentile, sleep } from './expectations.ts'

const NOTES = 'https://notes.example/mcp'

/** G7: what is cut off ends at the gateway, in a running stream and at a guard elsewhere. */
export const cutOffGroup: FaultGroup = {
  name: 'identity-cut-off',
  cases: [
    {
      requirement: 'G7',
      name: 'a revoked grant is refused by the gateway, its stream and a guard outside within a second',
      run: cutOff,
    },
  ],
}

async function cutOff(rig: Rig): Promise<void> {
  const resources = { notes: { url: NOTES, scopes: { 'notes:read': 'Read notes' } } }
  const { hub, app, ada, endpoint } = await openIdentity(rig, { config: { resources } })
  const guard = createGuard({ issuer: hub.url, resource: NOTES })
  rig.defer(() => guard[Symbol.asyncDispose]())
  const times = { gateway: [] as number[], stream: [] as number[], guard: [] as number[] }
  for (let round = 0; round < (rig.settings.isFull ? 50 : 8); round += 1) {
    const own = await getTokens(app, ada, { resource: endpoint })
    const outside = await getTokens(app, ada, { resource: NOTES })
    const caller = asCaller(hub, own.access)
    const face = await openFace(caller, '2025-11-25', '/mcp/servers/modern')
    await expectEcho(face)
    const headers = ['Mcp-Session-Id', face.session ?? '', 'Accept', 'text/event-stream']
    const stream = await openStream(caller, { method: 'GET', path: face.path, headers })
    assert.equal(stream.status, 200)
    const asked = `Bearer ${outside.access}`
    assert.equal((await guard.check(asked)).kind, 'caller')
    const started = performance.now()
    const since = () => performance.now() - started
    for (const { access } of [own, outside])
      assert.equal((await hub.api('DELETE', `/api/grants/${grantOf(access)}`)).status, 200)
    await Promise.all([
      stream.ended.then(() => times.stream.push(since())),
      refused(async () => (await face.call('echo', {})).status === 401).then(() =>
        times.gateway.push(since()),
      ),
      refused(async () => (await guard.check(asked)).kind === 'refused').then(() =>
        times.guard.push(since()),
      ),
    ])
  }
  for (const [place, measured] of Object.entries(times))
    rig.figure(`${place}: refused after, ms, p99 of ${measured.length}`, percentile(measured, 0.99), 1000)
}

async function refused(isRefused: () => Promise<boolean>): Promise<void> {
  while (!(await isRefused())) await sleep(5)
}

function grantOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { gid: string }
  return claims.gid
}
