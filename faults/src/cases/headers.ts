import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { countSeen, lastSeen, type Json } from '../evil/evil-state.ts'
import { toolDefinition } from '../evil/definitions.ts'
import { encodeHeaderValue, toolText, type Change, type Face } from '../kit/face.ts'
import type { FaultCase, FaultGroup } from '../run/fault-case.ts'
import { UPSTREAMS, type Rig } from '../run/rig.ts'
import { addServer, expectEcho, expectNothingForwarded, expectRpcError, refresh } from './expectations.ts'

/** P1 and P2: the mirrored headers of 2026-07-28 never say anything that the body does not. */
export const headersGroup: FaultGroup = {
  name: 'headers',
  cases: [
    ...UPSTREAMS.map(standardHeaders),
    {
      requirement: 'P1',
      name: 'each Mcp-Param-* that differs from the body is refused (2026-07-28, own address)',
      run: (rig) => paramHeaders(rig, '/mcp/servers/modern', ''),
    },
    {
      requirement: 'P1',
      name: 'each Mcp-Param-* that differs from the body is refused (2026-07-28, merged address)',
      run: (rig) => paramHeaders(rig, '/mcp', 'modern__'),
    },
    {
      requirement: 'P1',
      name: 'headers that say the same in another spelling are accepted (2026-07-28)',
      run: acceptedSpellings,
    },
    { requirement: 'P1', name: 'the other methods with a name check it too (2026-07-28)', run: otherMethods },
    {
      requirement: 'P1',
      name: 'what reaches a modern upstream for a legacy client has headers that fit its body',
      run: headersMadeForLegacyClient,
    },
    {
      requirement: 'P2',
      name: 'an allowed name in the header does not open a held-back tool (2026-07-28)',
      run: headerCannotOpen,
    },
    {
      requirement: 'P2',
      name: 'headers of a legacy client decide nothing: the body is read (2025-11-25)',
      run: legacyHeadersDecideNothing,
    },
  ],
}

const B64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`

/** Each changes the headers of a proper `tools/call` of that tool. */
function brokenStandardHeaders(tool: string): Record<string, Change['headers']> {
  return {
    'another method': { 'mcp-method': 'tools/list' },
    'no method': { 'mcp-method': null },
    'an empty method': { 'mcp-method': '' },
    'the method twice': { 'mcp-method': ['tools/call', 'tools/call'] },
    'two methods': { 'mcp-method': ['tools/call', 'tools/list'] },
    'the method in capitals': { 'mcp-method': 'TOOLS/CALL' },
    'the method in Base64': { 'mcp-method': B64('tools/call') },
    'another name': { 'mcp-name': 'count' },
    'no name': { 'mcp-name': null },
    'an empty name': { 'mcp-name': '' },
    'the name twice': { 'mcp-name': [tool, tool] },
    'two names': { 'mcp-name': [tool, 'count'] },
    'the name in another case': { 'mcp-name': tool.toUpperCase() },
    'another name in Base64': { 'mcp-name': B64('count') },
    'Base64 markers in capitals': { 'mcp-name': B64(tool).replace('base64', 'BASE64') },
    'Base64 that is none': { 'mcp-name': '=?base64?!!!!?=' },
    'Base64 without its end': { 'mcp-name': `=?base64?${Buffer.from(tool).toString('base64')}` },
    'Base64 of broken UTF-8': {
      'mcp-name': `=?base64?${Buffer.from([0xff, 0xfe, 0x80]).toString('base64')}?=`,
    },
    'Base64 of the name and more': { 'mcp-name': B64(`${tool}\0`) },
    'a name outside ASCII': { 'mcp-name': `${tool}\u00e9` },
    'no version': { 'mcp-protocol-version': null },
    'an older version': { 'mcp-protocol-version': '2025-11-25' },
    'the version twice': { 'mcp-protocol-version': ['2026-07-28', '2026-07-28'] },
    'two versions': { 'mcp-protocol-version': ['2026-07-28', '2025-11-25'] },
  }
}

function standardHeaders(upstream: (typeof UPSTREAMS)[number]): FaultCase {
  return {
    requirement: 'P1',
    name: `each standard header that differs from the body is refused (2026-07-28 → ${upstream})`,
    run: async (rig) => {
      for (const [path, tool] of [
        [`/mcp/servers/${upstream}`, 'echo'],
        ['/mcp', `${upstream}__echo`],
      ] as const) {
        const face = await rig.face('2026-07-28', path)
        await expectEcho(face, tool)
        const before = rig.count(upstream, 'tools/call')
        for (const [label, headers] of Object.entries(brokenStandardHeaders(tool))) {
          const reply = await face.call(tool, { text: label }, { headers: headers ?? {} })
          expectRpcError(reply, `${path}: ${label}`, { status: [400], code: [-32020] })
        }
        assert.equal(
          rig.count(upstream, 'tools/call') - before,
          0,
          `${path}: a refused call reached the upstream`,
        )
      }
    },
  }
}

const ARGUMENTS: Json = { region: 'eu', count: 42, flag: true, nested: { deep: 'd' } }
const PARAM_HEADERS = {
  'mcp-param-region': 'eu',
  'mcp-param-count': '42',
  'mcp-param-flag': 'true',
  'mcp-param-deep': 'd',
}

const BROKEN_PARAMS: Record<string, { headers?: Change['headers']; arguments?: Json }> = {
  'no header for a value': { headers: { 'mcp-param-region': null } },
  'another value': { headers: { 'mcp-param-region': 'us' } },
  'another case': { headers: { 'mcp-param-region': 'EU' } },
  'the value twice': { headers: { 'mcp-param-region': ['eu', 'eu'] } },
  'two values': { headers: { 'mcp-param-region': ['eu', 'us'] } },
  'another value in Base64': { headers: { 'mcp-param-region': B64('us') } },
  'Base64 markers in capitals': { headers: { 'mcp-param-region': B64('eu').replace('base64', 'BASE64') } },
  'Base64 that is none': { headers: { 'mcp-param-region': '=?base64?***?=' } },
  'a value outside ASCII': { headers: { 'mcp-param-region': 'e\u00fc' } },
  'a header without a value in the body': { arguments: { count: 42, flag: true, nested: { deep: 'd' } } },
  'a header for null': { headers: { 'mcp-param-region': 'null' }, arguments: { ...ARGUMENTS, region: null } },
  'another number': { headers: { 'mcp-param-count': '43' } },
  'a number and more': { headers: { 'mcp-param-count': '42abc' } },
  'a number in hexadecimal': { headers: { 'mcp-param-count': '0x2a' } },
  'nothing for zero': { headers: { 'mcp-param-count': '' }, arguments: { ...ARGUMENTS, count: 0 } },
  'a boolean in capitals': { headers: { 'mcp-param-flag': 'True' } },
  'a boolean as a number': { headers: { 'mcp-param-flag': '1' } },
  'no header for a nested value': { headers: { 'mcp-param-deep': null } },
  'another nested value': { headers: { 'mcp-param-deep': 'e' } },
}

async function paramHeaders(rig: Rig, path: string, prefix: string): Promise<void> {
  const face = await rig.face('2026-07-28', path)
  const tool = `${prefix}header_tool`
  const proper = await face.call(tool, ARGUMENTS, { headers: PARAM_HEADERS })
  assert.ok(toolText(proper), `the proper call: ${proper.status} ${proper.text.slice(0, 300)}`)
  await expectNothingForwarded(rig.modern, 'tools/call', async () => {
    for (const [label, broken] of Object.entries(BROKEN_PARAMS)) {
      const headers = { ...PARAM_HEADERS, ...broken.headers }
      const reply = await face.call(tool, broken.arguments ?? ARGUMENTS, { headers })
      expectRpcError(reply, label, { status: [400], code: [-32020] })
    }
    const unsafe = face.build('tools/call', { name: tool, arguments: { count: 1 } })
    const body = String(unsafe.body).replace('"count":1', '"count":9007199254740993')
    const rounded = await face.call(tool, {}, { body, headers: { 'mcp-param-count': '9007199254740992' } })
    expectRpcError(rounded, 'a number that only equals after rounding', { status: [400], code: [-32020] })
  })
}

async function acceptedSpellings(rig: Rig): Promise<void> {
  const face = await rig.face('2026-07-28', '/mcp/servers/modern')
  const spellings: Record<string, Change['headers']> = {
    '42.0 for 42': { 'mcp-param-count': '42.0' },
    'the value in Base64': { 'mcp-param-region': B64('eu') },
    'the name in Base64': { 'mcp-name': B64('header_tool') },
    'header names in capitals': { 'mcp-param-region': null, 'MCP-PARAM-REGION': 'eu' },
    'a header for a parameter nobody annotated': { 'mcp-param-unknown': 'x' },
  }
  for (const [label, headers] of Object.entries(spellings)) {
    const before = countSeen(rig.modern.state, 'tools/call', 'header_tool')
    const reply = await face.call('header_tool', ARGUMENTS, { headers: { ...PARAM_HEADERS, ...headers } })
    assert.deepEqual(
      JSON.parse(toolText(reply) ?? 'null'),
      ARGUMENTS,
      `${label}: ${reply.status} ${reply.text.slice(0, 300)}`,
    )
    assert.equal(
      countSeen(rig.modern.state, 'tools/call', 'header_tool') - before,
      1,
      `${label}: exactly one call`,
    )
  }
}

async function otherMethods(rig: Rig): Promise<void> {
  const face = await rig.face('2026-07-28', '/mcp/servers/modern')
  const total = rig.modern.state.seen.length
  const cases: [string, Json, Change['headers']][] = [
    ['resources/read', { uri: 'evil://readme' }, { 'mcp-name': 'evil://other' }],
    ['resources/read', { uri: 'evil://readme' }, { 'mcp-name': null }],
    ['prompts/get', { name: 'greet' }, { 'mcp-name': 'other' }],
    ['prompts/get', { name: 'greet' }, { 'mcp-name': null }],
    ['tools/list', {}, { 'mcp-method': 'resources/list' }],
    ['server/discover', {}, { 'mcp-method': 'tools/list' }],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'who', value: '' } },
      { 'mcp-method': null },
    ],
    ['subscriptions/listen', { notifications: {} }, { 'mcp-method': 'tools/list' }],
  ]
  for (const [method, params, headers] of cases) {
    const reply = await face.send(method, params, { headers: headers ?? {} })
    expectRpcError(reply, `${method} with ${JSON.stringify(headers)}`, { status: [400], code: [-32020] })
  }
  assert.equal(rig.modern.state.seen.length - total, 0, 'a refused request reached the upstream')
}

async function headersMadeForLegacyClient(rig: Rig): Promise<void> {
  const face = await rig.face('2025-11-25', '/mcp/servers/modern')
  const hostile = 'eu\r\nX-Injected: 1'
  for (const region of ['eu', ' padded ', 'zürich', hostile, B64('x')]) {
    const reply = await face.call('header_tool', { ...ARGUMENTS, region })
    assert.equal(
      (JSON.parse(toolText(reply) ?? '{}') as Json)['region'],
      region,
      `${region}: ${reply.status} ${reply.text.slice(0, 300)}`,
    )
    const headers =
      lastSeen(rig.modern.state, 'tools/call', 'header_tool')?.headers ?? ({} as IncomingHttpHeaders)
    assert.equal(headers['mcp-param-region'], encodeHeaderValue(region), 'Mcp-Param-Region')
    assert.equal(headers['mcp-param-count'], '42')
    assert.equal(headers['mcp-param-flag'], 'true')
    assert.equal(headers['mcp-param-deep'], 'd')
    assert.equal(headers['mcp-method'], 'tools/call')
    assert.equal(headers['mcp-name'], 'header_tool')
    assert.equal(headers['x-injected'], undefined, 'a header was injected')
  }
  await face.close()
}

/** A server with one open tool and one that changed after approval. */
async function withHeldBackTool(rig: Rig, name: string): Promise<Awaited<ReturnType<Rig['ownEvil']>>> {
  const evil = await rig.ownEvil('2026-07-28', {
    tools: [
      toolDefinition('open', { 'x-behaviour': 'echo' }),
      toolDefinition('held', { 'x-behaviour': 'echo' }),
    ],
  })
  await addServer(rig, name, evil.url)
  evil.state.tools = [
    evil.state.tools[0] ?? {},
    toolDefinition('held', { 'x-behaviour': 'echo', description: 'Changed since approval.' }),
  ]
  await refresh(rig.hub, name)
  return evil
}

async function headerCannotOpen(rig: Rig): Promise<void> {
  const evil = await withHeldBackTool(rig, 'held-modern')
  for (const [path, prefix] of [
    ['/mcp/servers/held-modern', ''],
    ['/mcp', 'held-modern__'],
  ] as const) {
    const face: Face = await rig.face('2026-07-28', path)
    await expectEcho(face, `${prefix}open`)
    await expectNothingForwarded(evil, 'tools/call', async () => {
      const lied = await face.call(`${prefix}held`, {}, { headers: { 'mcp-name': `${prefix}open` } })
      expectRpcError(lied, 'the open name in the header, the held one in the body', {
        status: [400],
        code: [-32020],
      })
      const swapped = await face.call(`${prefix}open`, {}, { headers: { 'mcp-name': `${prefix}held` } })
      expectRpcError(swapped, 'the held name in the header, the open one in the body', {
        status: [400],
        code: [-32020],
      })
      expectRpcError(await face.call(`${prefix}held`), 'the held tool', { code: [4710] })
    })
  }
}

async function legacyHeadersDecideNothing(rig: Rig): Promise<void> {
  const evil = await withHeldBackTool(rig, 'held-legacy')
  const face = await rig.face('2025-11-25', '/mcp/servers/held-legacy')
  await expectNothingForwarded(evil, 'tools/call', async () => {
    for (const headers of [
      { 'mcp-name': 'open' },
      { 'mcp-name': 'open', 'mcp-method': 'tools/call' },
      { 'mcp-method': 'tools/list' },
    ]) {
      const reply = await face.call('held', {}, { headers })
      expectRpcError(reply, `the held tool with ${JSON.stringify(headers)}`, { code: [4710, -32020] })
    }
  })
  for (const version of ['2026-07-28', '1999-01-01', 'garbage']) {
    const reply = await face.call('open', {}, { headers: { 'mcp-protocol-version': version } })
    expectRpcError(reply, `a session of 2025-11-25 with version header ${version}`, { status: [400] })
  }
  await expectEcho(face, 'open')
  await face.close()
}
