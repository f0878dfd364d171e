import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { toolDefinition } from '../evil/definitions.ts'
import type { Era, Json } from '../evil/evil-state.ts'
import { toolText } from '../kit/face.ts'
import { openRaw } from '../kit/raw-tcp.ts'
import { residentBytes } from '../kit/process-probe.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, UPSTREAMS, type Rig } from '../run/rig.ts'
import {
  addServer,
  expectEcho,
  expectHttpRefusal,
  expectRpcError,
  sleep,
  Deviations,
} from './expectations.ts'

/** D1, D2, D4 and D5: large, deep and costly input. */
export const bodiesGroup: FaultGroup = {
  name: 'bodies',
  cases: [
    {
      requirement: 'D1',
      name: 'an endless chunked body is cut at the cap',
      run: (rig) => endlessBody(rig, '/mcp/servers/modern'),
    },
    {
      requirement: 'D1',
      name: 'an endless chunked body to the management API is cut at the cap',
      run: (rig) => endlessBody(rig, '/api/groups'),
    },
    {
      requirement: 'D1',
      name: 'a length over the cap is refused before the body comes',
      run: announcedLength,
    },
    { requirement: 'D1', name: 'compressed bodies are refused, bombs too', run: compressedBodies },
    ...ERAS.map((era) => ({
      requirement: 'D1',
      name: `a body just over the cap is refused, one under it passes (${era})`,
      run: (rig: Rig) => aroundTheCap(rig, era),
    })),
    ...ERAS.map((era) => ({
      requirement: 'D2',
      name: `deep nesting is refused before it costs anything (${era})`,
      run: (rig: Rig) => deepNesting(rig, era),
    })),
    { requirement: 'D2', name: 'deep nesting is refused by the management API', run: deepNestingApi },
    ...ERAS.map((era) => ({
      requirement: 'D4',
      name: `numbers and text arrive as they were sent, or not at all (${era})`,
      run: (rig: Rig) => sameValues(rig, era),
    })),
    { requirement: 'D4', name: 'an object of 70,000 number-like keys does not stop the hub', run: manyKeys },
    {
      requirement: 'D5',
      name: 'costly schemas and templates of a server do not stop the hub',
      run: costlyDefinitions,
    },
  ],
}

const MEGABYTE = 1_000_000

async function endlessBody(rig: Rig, path: string): Promise<void> {
  const memory = residentBytes(rig.hub.pid)
  const upstream = rig.count('modern', 'tools/call')
  const connection = await openRaw(rig.hub.port)
  await connection.send(`${head(rig, path)}Transfer-Encoding: chunked\r\n\r\n`)
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 0x20), Buffer.from('\r\n')])
  let sent = 0
  while (!connection.isClosed() && sent < 200 * MEGABYTE) {
    await Promise.race([connection.send(chunk), sleep(2000)])
    sent += 65_536
    if (connection.received() !== '') break
  }
  assert.ok(await connection.untilClosed(5000), 'the connection stayed open')
  assert.ok(sent < 32 * MEGABYTE, `${sent} bytes were taken`)
  assert.match(connection.received(), /^(HTTP\/1\.1 413|$)/, 'answered 413, or cut')
  rig.figure('memory taken by an endless body, MB', (residentBytes(rig.hub.pid) - memory) / MEGABYTE, 10)
  assert.equal(rig.count('modern', 'tools/call') - upstream, 0)
  connection.close()
}

function head(rig: Rig, path: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: localhost:${rig.hub.port}\r\nAuthorization: Bearer ${rig.hub.key}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n`
}

async function announcedLength(rig: Rig): Promise<void> {
  for (const path of ['/mcp', '/mcp/servers/modern', '/api/groups']) {
    for (const length of ['1048577', '2147483648', '9007199254740993']) {
      const connection = await openRaw(rig.hub.port)
      const started = performance.now()
      await connection.send(`${head(rig, path)}Content-Length: ${length}\r\n\r\n{`)
      assert.ok(await connection.untilClosed(5000), `${path}, ${length}: the connection stayed open`)
      assert.match(connection.received(), /^HTTP\/1\.1 (413|400)/, `${path}, ${length}`)
      rig.figure(`refused ${length} bytes at ${path} after ms`, performance.now() - started, 250)
      connection.close()
    }
  }
}

async function compressedBodies(rig: Rig): Promise<void> {
  const face = await rig.face('2026-07-28', '/mcp/servers/modern')
  const memory = residentBytes(rig.hub.pid)
  const upstream = rig.count('modern', 'tools/call')
  const proper = face.build('tools/call', { name: 'echo', arguments: {} })
  const bomb = gzipSync(Buffer.alloc(100 * MEGABYTE, 0x20))
  for (const encoding of ['gzip', 'deflate', 'br', 'zstd', 'x-gzip', 'gzip, gzip', 'identity, gzip']) {
    for (const body of [gzipSync(String(proper.body)), bomb]) {
      const reply = await face.call('echo', {}, { body, headers: { 'content-encoding': encoding } })
      expectHttpRefusal(reply, encoding, [400, 413, 415])
      const api = await rig.hub.send({
        path: '/api/groups',
        headers: ['Content-Type', 'application/json', 'Content-Encoding', encoding],
        body,
      })
      expectHttpRefusal(api, `API: ${encoding}`, [400, 413, 415])
    }
  }
  assert.equal(rig.count('modern', 'tools/call') - upstream, 0)
  rig.figure('memory taken by compressed bodies, MB', (residentBytes(rig.hub.pid) - memory) / MEGABYTE, 20)
}

async function aroundTheCap(rig: Rig, era: Era): Promise<void> {
  for (const upstream of UPSTREAMS) {
    const face = await rig.face(era, `/mcp/servers/${upstream}`)
    const before = rig.count(upstream, 'tools/call')
    const over = await face.call('count', { text: 'x'.repeat(1_048_576) })
    expectHttpRefusal(over, `${upstream}: over the cap`, [413])
    assert.equal(rig.count(upstream, 'tools/call') - before, 0, `${upstream}: the refused call was forwarded`)
    const text = 'x'.repeat(1_000_000)
    const under = await face.call('echo', { text })
    assert.equal(
      toolText(under)?.length,
      text.length + '{"text":""}'.length,
      `${upstream}: under the cap: ${under.status} ${under.text.slice(0, 200)}`,
    )
    await face.close()
  }
}

async function deepNesting(rig: Rig, era: Era): Promise<void> {
  for (const upstream of UPSTREAMS) {
    const face = await rig.face(era, `/mcp/servers/${upstream}`)
    const before = rig.count(upstream, 'tools/call')
    for (const depth of [70, 1000, 10_000, 100_000, 400_000]) {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
        ['[', ''],
        ['{"a":[', ']}'],
      ] as const) {
        if (depth * (open.length + close.length) > 1_000_000) continue
        const middle = open.startsWith('{"a":') && close !== '' && !open.endsWith('[') ? '1' : ''
        const value = open.repeat(depth) + middle + close.repeat(depth)
        const body = String(
          face.build('tools/call', { name: 'echo', arguments: { text: 'PLACE' } }).body,
        ).replace('"PLACE"', value)
        expectRpcError(await face.call('echo', {}, { body }), `${upstream}: ${depth} × ${open}`, {
          status: [400],
        })
      }
    }
    assert.equal(rig.count(upstream, 'tools/call') - before, 0, `${upstream}: a deep message was forwarded`)
    const body = String(
      face.build('tools/call', { name: 'echo', arguments: { text: 'PLACE' } }).body,
    ).replace('"PLACE"', '['.repeat(40) + ']'.repeat(40))
    const fine = await face.call('echo', {}, { body })
    assert.ok(toolText(fine), `${upstream}: 40 levels are fine: ${fine.status} ${fine.text.slice(0, 200)}`)
    await face.close()
  }
}

async function deepNestingApi(rig: Rig): Promise<void> {
  for (const depth of [100, 100_000, 400_000]) {
    const body = `{"name":"deep","url":${'['.repeat(depth)}${']'.repeat(depth)}}`
    const reply = await rig.hub.send({
      path: '/api/servers',
      headers: ['Content-Type', 'application/json'],
      body,
    })
    expectHttpRefusal(reply, `${depth} levels`, [400, 413, 422])
  }
}

/** What a parser may round, replace or lose. Each is forwarded exactly, or refused; never changed in between. */
const FRAGILE = [
  '9007199254740993',
  '-9007199254740993',
  '1e400',
  '-1e400',
  '123456789012345678901234567890',
  '0.1000000000000000055511151231257827',
  '1E5',
  '1.0',
  '-0',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000"',
  '"\\u2028"',
  '"\\/"',
  '"\u{1f600}"',
]

async function sameValues(rig: Rig, era: Era): Promise<void> {
  const deviations = new Deviations()
  for (const upstream of UPSTREAMS) {
    const face = await rig.face(era, `/mcp/servers/${upstream}`)
    for (const fragile of FRAGILE) {
      const body = String(
        face.build('tools/call', { name: 'echo_raw', arguments: { text: 'PLACE' } }).body,
      ).replace('"PLACE"', fragile)
      const reply = await face.call('echo_raw', {}, { body })
      const arrived = toolText(reply)
      await deviations.try(`${upstream}: ${fragile}`, () => {
        if (arrived === undefined) expectRpcError(reply, 'refused', { status: [400, 200] })
        else
          assert.ok(isSame(fragile, arrived), `became ${/"text":([^}]*)/.exec(arrived)?.[1]?.slice(0, 80)}`)
      })
    }
    await face.close()
  }
  deviations.expectNone()
}

/** Same text, or another spelling of exactly the same value. */
function isSame(fragile: string, arrived: string): boolean {
  const found = /"arguments":\{"text":("(?:[^"\\]|\\.)*"|[^},]*)/.exec(arrived)?.[1]
  if (found === undefined) return false
  if (found === fragile) return true
  if (fragile.startsWith('"')) return JSON.parse(found) === JSON.parse(fragile)
  const isExact =
    Number.isFinite(Number(fragile)) &&
    String(Number(fragile)).length < 17 &&
    !/^-?\d{16,}|\.\d{17,}/.test(fragile)
  return isExact && Number(found) === Number(fragile)
}

/** The slowest answer of the health check while something runs: how long the event loop was held up. */
async function lagWhile(rig: Rig, act: () => Promise<unknown>): Promise<number> {
  const work = act()
  const progress = { isRunning: true }
  work.then(() => (progress.isRunning = false)).catch(() => (progress.isRunning = false))
  let slowest = 0
  while (progress.isRunning) {
    const started = performance.now()
    await rig.hub.send({ method: 'GET', path: '/healthz', anonymous: true })
    slowest = Math.max(slowest, performance.now() - started)
    await sleep(3)
  }
  await work
  return slowest
}

async function manyKeys(rig: Rig): Promise<void> {
  for (const era of ERAS) {
    const face = await rig.face(era, '/mcp/servers/modern')
    const keys = Array.from({ length: 70_000 }, (_, index) => `"${index * 4096}":0`).join(',')
    const body = String(
      face.build('tools/call', { name: 'count', arguments: { text: 'PLACE' } }).body,
    ).replace('"PLACE"', `{${keys}}`)
    const lag = await lagWhile(rig, async () => {
      const reply = await face.call('count', {}, { body })
      assert.ok(reply.answer, `${era}: ${reply.status} ${reply.text.slice(0, 200)}`)
    })
    rig.figure(`${era}: hub held up by 70,000 keys, ms`, lag, 100)
    await face.close()
  }
}

function costlyTools(): Json[] {
  const loop = {
    type: 'object',
    properties: { a: { $ref: '#/$defs/x' } },
    $defs: { x: { anyOf: [{ $ref: '#/$defs/x' }, { $ref: '#/$defs/y' }] }, y: { $ref: '#/$defs/x' } },
  }
  const anyOf = Array.from({ length: 2000 }, (_, index) => ({ type: 'object', required: [`k${index}`] }))
  const schemas: Record<string, Json> = {
    regex: { type: 'object', properties: { text: { type: 'string', pattern: '^(a+)+$' } } },
    regex_two: { type: 'object', patternProperties: { '^(x|xx|xxx)+y$': { type: 'string' } } },
    loop,
    wide: { type: 'object', anyOf },
    remote: { $ref: 'http://127.0.0.1:1/schema.json', type: 'object' },
    format: { type: 'object', properties: { text: { type: 'string', format: 'email' } } },
  }
  return Object.entries(schemas).map(([name, schema]) =>
    toolDefinition(name, { inputSchema: schema, outputSchema: schema, 'x-behaviour': 'echo' }),
  )
}

async function costlyDefinitions(rig: Rig): Promise<void> {
  const templates = [
    'x://{+a}{+b}{+c}{+d}{+e}{+f}{+g}{+h}',
    'y://{a*}{b*}{c*}{d*}',
    'z://{?a,b,c,d}{&e,f}',
    'w://{a}{b}{c}{d}{e}{f}{g}{h}!',
  ].map((uriTemplate, index) => ({ uriTemplate, name: `t${index}` }))
  const evil = await rig.ownEvil('2026-07-28', {
    tools: [toolDefinition('plain', { 'x-behaviour': 'echo' }), ...costlyTools()],
    templates,
  })
  const lag = await lagWhile(rig, async () => {
    await addServer(rig, 'costly', evil.url)
    for (const path of ['/mcp/servers/costly', '/mcp']) {
      const prefix = path === '/mcp' ? 'costly__' : ''
      const face = await rig.face('2026-07-28', path)
      for (const tool of ['regex', 'regex_two', 'loop', 'wide', 'remote', 'format']) {
        await face.call(`${prefix}${tool}`, { text: `${'a'.repeat(50_000)}!`, ['x'.repeat(5000)]: 'z' })
      }
      for (const scheme of ['w', 'x', 'y', 'z']) {
        const uri = `${scheme}://${'a/'.repeat(2000)}`
        await face.send('resources/read', { uri })
        await face.send('completion/complete', {
          ref: { type: 'ref/resource', uri },
          argument: { name: 'a', value: 'x'.repeat(10_000) },
        })
      }
      await expectEcho(face, `${prefix}plain`)
    }
  })
  rig.figure('hub held up by costly definitions, ms', lag, 100)
}
