import assert from 'node:assert/strict'
import type { Era } from '../evil/evil-state.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, UPSTREAMS, type Rig } from '../run/rig.ts'
import { expectEcho, expectRpcError } from './expectations.ts'

/** P4 and D3: a message that two parsers would read differently is refused, and never forwarded. */
export const messagesGroup: FaultGroup = {
  name: 'messages',
  cases: ERAS.flatMap((era) => [
    {
      requirement: 'P4',
      name: `keys in another spelling are no JSON-RPC keys (${era})`,
      run: (rig: Rig) => everyUpstream(rig, era, OTHER_KEYS, [-32600]),
    },
    {
      requirement: 'P4',
      name: `duplicate method, params and id keys are refused and never forwarded (${era})`,
      run: (rig: Rig) => everyUpstream(rig, era, DUPLICATES, [-32600]),
    },
    {
      requirement: 'P4',
      name: `messages that are none are refused and never forwarded (${era})`,
      run: (rig: Rig) => everyUpstream(rig, era, NO_MESSAGES, [-32600, -32700, -32602]),
    },
    {
      requirement: 'D3',
      name: `duplicate and prototype keys inside arguments are refused (${era})`,
      run: (rig: Rig) => everyUpstream(rig, era, DANGEROUS_ARGUMENTS, [-32600, -32700]),
    },
    {
      requirement: 'D3',
      name: `a refused prototype key leaves no trace in the next request (${era})`,
      run: (rig: Rig) => noPollution(rig, era),
    },
  ]),
}

/** Makes a body out of the proper one for `tools/call` of the tool `echo`. */
type Bend = (proper: string) => string

const OTHER_KEYS: Record<string, Bend> = {
  Method: (body) => body.replace('"method"', '"Method"'),
  METHOD: (body) => body.replace('"method"', '"METHOD"'),
  'Method beside method': (body) => body.replace('"method"', '"Method":"tools/list","method"'),
  'METHOD after method': (body) => body.replace(/\}$/, ',"METHOD":"tools/list"}'),
  'param\u017f': (body) => body.replace('"params"', '"param\u017f"'),
  'param\u017f beside params': (body) => body.replace('"params"', '"param\u017f":{},"params"'),
  Params: (body) => body.replace('"params"', '"Params":{},"params"'),
  ID: (body) => body.replace('"id"', '"ID":1,"id"'),
  JSONRPC: (body) => body.replace('"jsonrpc"', '"JSONRPC":"2.0","jsonrpc"'),
  Result: (body) => body.replace(/\}$/, ',"result":{}}'),
}

const DUPLICATES: Record<string, Bend> = {
  'method, same value': (body) =>
    body.replace('"method":"tools/call"', '"method":"tools/call","method":"tools/call"'),
  'method, other value last': (body) => body.replace(/\}$/, ',"method":"tools/list"}'),
  'method, other value first': (body) => body.replace('{', '{"method":"tools/list",'),
  'method, the second escaped': (body) => body.replace(/\}$/, ',"m\\u0065thod":"tools/list"}'),
  params: (body) => body.replace(/\}$/, ',"params":{"name":"count"}}'),
  id: (body) => body.replace('"id"', '"id":77,"id"'),
  jsonrpc: (body) => body.replace('"jsonrpc"', '"jsonrpc":"1.0","jsonrpc"'),
  'params.name': (body) => body.replace('"name":', '"name":"count","name":'),
  'params.name, escaped': (body) => body.replace('"name":', '"n\\u0061me":"count","name":'),
  'params.arguments': (body) => body.replace('"arguments":', '"arguments":{"text":"first"},"arguments":'),
}

const NO_MESSAGES: Record<string, Bend> = {
  'no jsonrpc': (body) => body.replace('"jsonrpc":"2.0",', ''),
  'jsonrpc 1.0': (body) => body.replace('"2.0"', '"1.0"'),
  'jsonrpc as a number': (body) => body.replace('"2.0"', '2.0'),
  'method as a number': (body) => body.replace('"tools/call"', '7'),
  'method null': (body) => body.replace('"tools/call"', 'null'),
  'id null': (body) => body.replace(/"id":\d+/, '"id":null'),
  'id object': (body) => body.replace(/"id":\d+/, '"id":{}'),
  'id fraction': (body) => body.replace(/"id":\d+/, '"id":1.5'),
  'id true': (body) => body.replace(/"id":\d+/, '"id":true'),
  'params array': (body) => body.replace('"params":{', '"params":[],"x":{'),
  'params text': (body) => body.replace('"params":{', '"params":"x","x":{'),
  'a batch': (body) => `[${body}]`,
  'an empty batch': () => '[]',
  'two messages': (body) => body + body,
  text: () => '"tools/call"',
  nothing: () => '',
  blanks: () => '   ',
  null: () => 'null',
  'cut short': (body) => body.slice(0, -1),
  'a comma too many': (body) => body.replace(/\}$/, ',}'),
  comment: (body) => `/* x */${body}`,
  'byte order mark': (body) => `\ufeff${body}`,
  'single quotes': (body) => body.replaceAll('"', "'"),
  'raw control character': (body) => body.replace('tools/call', 'tools/call\u0000'),
  'NUL at the end': (body) => `${body}\0`,
}

const DANGEROUS_ARGUMENTS: Record<string, Bend> = {
  'duplicate argument': (body) => withArguments(body, '{"text":"a","text":"b"}'),
  'duplicate argument, escaped': (body) => withArguments(body, '{"text":"a","te\\u0078t":"b"}'),
  'duplicate deep inside': (body) => withArguments(body, '{"a":[{"b":{"c":1,"c":2}}]}'),
  __proto__: (body) => withArguments(body, '{"__proto__":{"isAdmin":true}}'),
  '__proto__ escaped': (body) => withArguments(body, '{"\\u005f_proto__":{"isAdmin":true}}'),
  '__proto__ deep inside': (body) => withArguments(body, '{"a":[{"__proto__":[]}]}'),
  'constructor.prototype': (body) => withArguments(body, '{"constructor":{"prototype":{"isAdmin":true}}}'),
  '__proto__ of the message': (body) => body.replace('{', '{"__proto__":{"method":"tools/list"},'),
  '__proto__ of params': (body) => body.replace('"params":{', '"params":{"__proto__":{"name":"count"},'),
}

function withArguments(body: string, text: string): string {
  return body.replace(/"arguments":\{[^}]*\}/, `"arguments":${text}`)
}

async function everyUpstream(
  ...[rig, era, bends, codes]: [Rig, Era, Record<string, Bend>, readonly number[]]
): Promise<void> {
  for (const upstream of UPSTREAMS) {
    for (const [path, tool] of [
      [`/mcp/servers/${upstream}`, 'echo'],
      ['/mcp', `${upstream}__echo`],
    ] as const) {
      const face = await rig.face(era, path)
      await expectEcho(face, tool)
      const methods = ['tools/call', 'tools/list']
      const before = methods.map((method) => rig.count(upstream, method))
      for (const [label, bend] of Object.entries(bends)) {
        const body = bend(String(face.build('tools/call', { name: tool, arguments: { text: 'x' } }).body))
        const reply = await face.call(tool, {}, { body })
        expectRpcError(reply, `${path}: ${label}`, { status: [400], code: codes })
      }
      assert.deepEqual(
        methods.map((method) => rig.count(upstream, method)),
        before,
        `${path}: a refused message reached the upstream`,
      )
      await face.close()
    }
  }
}

async function noPollution(rig: Rig, era: Era): Promise<void> {
  const face = await rig.face(era, '/mcp/servers/modern')
  for (const key of ['__proto__', 'constructor', 'prototype']) {
    const body = withArguments(
      String(face.build('tools/call', { name: 'echo', arguments: {} }).body),
      `{"${key}":{"polluted":"yes","prototype":{"polluted":"yes"}}}`,
    )
    await face.call('echo', {}, { body })
  }
  const clean = await face.call('echo', { text: 'clean' })
  assert.ok(
    !clean.text.includes('polluted'),
    `a later answer carries the polluted key: ${clean.text.slice(0, 200)}`,
  )
  const status = await rig.hub.api('GET', '/api/status')
  assert.ok(!status.text.includes('polluted'), 'the status carries the polluted key')
}
