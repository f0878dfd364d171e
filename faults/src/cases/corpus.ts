import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Era } from '../evil/evil-state.ts'
import type { Reply } from '../kit/http.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, type Rig } from '../run/rig.ts'
import { expectHttpRefusal, expectRpcError } from './expectations.ts'

/** Every file of the JSONTestSuite as a body and as the value of an argument: never 5xx, the wrong ones never forwarded. */
export const corpusGroup: FaultGroup = {
  name: 'corpus',
  cases: [
    ...ERAS.map((era) => ({
      requirement: 'JSONTestSuite',
      also: ['D14'],
      name: `JSONTestSuite as whole bodies (${era})`,
      run: (rig: Rig) => wholeBodies(rig, era),
    })),
    ...ERAS.flatMap((era) =>
      (['modern', 'legacy', 'stdio-modern'] as const).map((upstream) => ({
        requirement: 'JSONTestSuite',
        also: ['D14'],
        name: `JSONTestSuite as an argument (${era} → ${upstream})`,
        run: (rig: Rig) => asArgument(rig, era, upstream),
      })),
    ),
    {
      requirement: 'JSONTestSuite',
      also: ['D14'],
      name: 'JSONTestSuite to the management API',
      run: toTheApi,
    },
  ],
}

function corpusFiles({ settings }: Rig): { name: string; bytes: Buffer }[] {
  return readdirSync(settings.corpusDir)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, bytes: readFileSync(join(settings.corpusDir, name)) }))
}

async function inBatches<item>(items: readonly item[], act: (item: item) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += 16)
    await Promise.all(items.slice(start, start + 16).map(act))
}

function expectBelow500(reply: Reply, label: string): void {
  assert.ok(reply.status < 500, `${label}: ${reply.status} ${reply.text.slice(0, 200)}`)
}

async function wholeBodies(rig: Rig, era: Era): Promise<void> {
  for (const path of ['/mcp', '/mcp/servers/modern']) {
    const face = await rig.face(era, path)
    const before = rig.modern.state.seen.length
    await inBatches(corpusFiles(rig), async ({ name, bytes }) => {
      const reply = await face.call('echo', {}, { body: bytes })
      expectBelow500(reply, `${path}: ${name}`)
      expectRpcError(reply, `${path}: ${name}`, { status: [400] })
    })
    assert.equal(rig.modern.state.seen.length - before, 0, 'a body that is no message reached the upstream')
    await face.close()
  }
}

async function asArgument(
  ...[rig, era, upstream]: [Rig, Era, 'modern' | 'legacy' | 'stdio-modern']
): Promise<void> {
  const face = await rig.face(era, `/mcp/servers/${upstream}`)
  const forwarded: string[] = []
  for (const { name, bytes } of corpusFiles(rig)) {
    const proper = String(face.build('tools/call', { name: 'count', arguments: { text: 'PLACE' } }).body)
    const [head = '', tail = ''] = proper.split('"PLACE"')
    const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(tail)])
    const before = rig.count(upstream, 'tools/call')
    const reply = await face.call('count', {}, { body })
    expectBelow500(reply, name)
    assert.ok(reply.answer, `${name}: no JSON-RPC answer: ${reply.status} ${reply.text.slice(0, 200)}`)
    if (!isJson(body) && rig.count(upstream, 'tools/call') !== before) forwarded.push(name)
  }
  assert.deepEqual(forwarded, [], 'bodies that are no JSON reached the upstream')
  await face.close()
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
    return true
  } catch {
    return false
  }
}

async function toTheApi(rig: Rig): Promise<void> {
  for (const path of ['/api/servers', '/api/servers/modern/review']) {
    await inBatches(corpusFiles(rig), async ({ name, bytes }) => {
      const reply = await rig.hub.send({ path, headers: ['Content-Type', 'application/json'], body: bytes })
      expectBelow500(reply, `${path}: ${name}`)
      expectHttpRefusal(reply, `${path}: ${name}`)
    })
  }
}
