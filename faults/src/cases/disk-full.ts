import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toolDefinition } from '../evil/definitions.ts'
import type { EvilHttp } from '../evil/evil-http.ts'
import { openFace } from '../kit/face.ts'
import type { Hub } from '../kit/hub.ts'
import { settle, type Rig } from '../run/rig.ts'
import { expectEcho, until } from './expectations.ts'

/** R8: the data directory on a small disk of its own, filled to the last byte, then freed. */
export async function diskFull(rig: Rig): Promise<void> {
  const disk = mkdtempSync(join(tmpdir(), 'parley-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', disk])
  rig.defer(() => execFileSync('umount', ['-l', disk]))
  const dataDir = join(disk, 'data')
  mkdirSync(dataDir, { mode: 0o700 })
  const servers = { good: { url: rig.good.url } }
  const tools = Array.from({ length: 60 }, (_, index) =>
    toolDefinition(`t${index}`, { description: 'd'.repeat(1000) }),
  )
  const many = await rig.ownEvil('2026-07-28', { tools })
  const hub = await rig.ownHub({ config: { servers, limits: { requestsPerSecond: 100_000 } }, dataDir })
  await settle(hub)
  const acked = await writeUntilRefused(rig, hub, many, disk)
  await expectReading(rig, hub)
  rmSync(join(disk, 'filler'))
  const add = async (): Promise<boolean> =>
    (await hub.api('POST', '/api/servers', { name: 'healed', url: many.url })).status < 300
  rig.figure('writes again after ms', await until('a write works again', add, 20_000), 5000)
  await hub.stop()
  const again = await rig.ownHub({ config: { servers }, dataDir })
  const listed = (await again.api('GET', '/api/servers')).json?.['servers'] as { name: string }[]
  const names = new Set(listed.map(({ name }) => name))
  const lost = [...acked, 'healed'].filter((name) => !names.has(name))
  assert.deepEqual(
    lost,
    [],
    `acknowledged writes were lost; in the directory: ${readdirSync(dataDir).join()}`,
  )
}

/** Adds servers until five were refused as they should be; gives the names of those that were acknowledged. */
async function writeUntilRefused(...[rig, hub, many, disk]: [Rig, Hub, EvilHttp, string]): Promise<string[]> {
  const good = await openFace(hub, '2026-07-28', '/mcp/servers/good')
  const acked: string[] = []
  let refused = 0
  for (let attempt = 0; attempt < 120 && refused < 5; attempt += 1) {
    fill(disk)
    const name = `full-${attempt}`
    const reply = await hub.api('POST', '/api/servers', { name, url: many.url })
    if (reply.status < 300) acked.push(name)
    else {
      refused += 1
      const seen = `a write on a full disk answered ${reply.status} ${reply.text.slice(0, 300)}`
      assert.ok([503, 507].includes(reply.status), seen)
      assert.ok(String(reply.headers['content-type']).startsWith('application/problem+json'), seen)
      rig.figure('a write on a full disk refused after ms', reply.milliseconds, 1000)
    }
    await expectEcho(good)
  }
  assert.equal(
    refused,
    5,
    `${acked.length} writes were acknowledged, ${statfsSync(disk).bavail} blocks are left`,
  )
  return acked
}

async function expectReading(rig: Rig, hub: Hub): Promise<void> {
  const good = await openFace(hub, '2026-07-28', '/mcp/servers/good')
  for (let call = 0; call < 300; call += 1) await expectEcho(good, 'echo', `call ${call} on a full disk`)
  for (const path of ['/api/status', '/api/servers', '/api/activity', '/metrics']) {
    const reply = await hub.api('GET', path)
    assert.equal(reply.status, 200, `GET ${path} on a full disk: ${reply.text.slice(0, 200)}`)
  }
  const wrong = await hub.send({
    method: 'GET',
    path: '/api/status',
    headers: ['Authorization', 'Bearer wrong'],
  })
  assert.equal(wrong.status, 401, 'keys are still checked')
  assert.ok(hub.isAlive() && rig.hub.isAlive())
}

/** Takes every free byte of the disk. */
function fill(disk: string): void {
  const { bavail, bsize } = statfsSync(disk)
  const file = join(disk, 'filler')
  for (let bytes = bavail * bsize; bytes >= 512; bytes = Math.floor(bytes / 2)) {
    try {
      writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}
