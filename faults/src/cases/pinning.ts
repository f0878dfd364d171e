import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { withoutScript } from '../evil/answer.ts'
import type { Reply } from '../kit/http.ts'
import { toolDefinition } from '../evil/definitions.ts'
import type { EvilHttp } from '../evil/evil-http.ts'
import { countSeen, type Era, type Json } from '../evil/evil-state.ts'
import type { FaultCase, FaultGroup } from '../run/fault-case.ts'
import { ERAS, type Rig } from '../run/rig.ts'
import {
  addServer,
  expectEcho,
  expectRpcError,
  listNames,
  refresh,
  showServer,
  sleep,
} from './expectations.ts'
import { openStream } from '../kit/stream.ts'

/** T1: an approved definition that changes is held back, whichever way it changes and however it is noticed. */
export const pinningGroup: FaultGroup = {
  name: 'pinning',
  cases: ERAS.flatMap((upstreamEra) => [
    ...ERAS.map((era): FaultCase => ({
      requirement: 'T1',
      name: `each kind of change is held back before a client sees it (${era} → ${upstreamEra})`,
      run: (rig) => eachChange(rig, era, upstreamEra),
    })),
    {
      requirement: 'T1',
      name: `a change that flaps back and forth never shows (${upstreamEra})`,
      run: (rig: Rig) => flapping(rig, upstreamEra),
    },
    {
      requirement: 'T1',
      name: `a change on page two only is held back (${upstreamEra})`,
      run: (rig: Rig) => secondPage(rig, upstreamEra),
    },
    {
      requirement: 'T1',
      name: `a change told by list_changed is held back and shown with its difference (${upstreamEra})`,
      run: (rig: Rig) => toldByNotification(rig, upstreamEra),
    },
    {
      requirement: 'T1',
      name: `a review opens exactly the hash that was seen (${upstreamEra})`,
      run: (rig: Rig) => reviewByHash(rig, upstreamEra),
    },
    {
      requirement: 'T1',
      name: `changed instructions, prompts and templates are held back (${upstreamEra})`,
      run: (rig: Rig) => otherKinds(rig, upstreamEra),
    },
  ]),
}

const PINNED: Json = {
  name: 'pinned',
  title: 'Pinned',
  description: 'Sends a message.',
  inputSchema: {
    type: 'object',
    properties: { text: { type: 'string', default: 'a', enum: ['a', 'b'] } },
    required: ['text'],
  },
  outputSchema: { type: 'object', properties: { ok: { type: 'boolean' } } },
  annotations: { readOnlyHint: false, destructiveHint: true },
  icons: [{ src: 'https://example.com/icon.png', mimeType: 'image/png' }],
  _meta: { 'com.example/version': 1 },
  'x-behaviour': 'echo',
}
const STABLE = toolDefinition('stable', { 'x-behaviour': 'echo' })

/** Every way in which the definition becomes another one. The marker is what must reach no client. */
const MARKER = 'zzPOISON'
const CHANGES: Record<string, (tool: Json) => Json> = {
  'one character of the description': (tool) => ({
    ...tool,
    description: 'Sends a messagE.',
    _marker: undefined,
  }),
  'a longer description': (tool) => ({ ...tool, description: `Sends a message. ${MARKER}` }),
  'no description': ({ description: _gone, ...tool }) => tool,
  'invisible characters': (tool) => ({ ...tool, description: 'Sends a message.\u200b' }),
  'tag characters': (tool) => ({ ...tool, description: 'Sends a message.\u{e0041}\u{e0042}' }),
  'another normal form': (tool) => ({ ...tool, description: 'Se\u006e\u0303ds a message.' }),
  'the title': (tool) => ({ ...tool, title: MARKER }),
  'no title': ({ title: _gone, ...tool }) => tool,
  readOnlyHint: (tool) => ({ ...tool, annotations: { readOnlyHint: true, destructiveHint: true } }),
  'no destructiveHint': (tool) => ({ ...tool, annotations: { readOnlyHint: false } }),
  'no annotations': ({ annotations: _gone, ...tool }) => tool,
  'a new annotation': (tool) => ({
    ...tool,
    annotations: { ...(tool['annotations'] as Json), title: MARKER },
  }),
  'a default in the schema': (tool) =>
    withProperty(tool, { type: 'string', default: MARKER, enum: ['a', 'b'] }),
  'an enum value': (tool) => withProperty(tool, { type: 'string', default: 'a', enum: ['a', 'b', MARKER] }),
  'the order of an enum': (tool) => withProperty(tool, { type: 'string', default: 'a', enum: ['b', 'a'] }),
  'the type of a property': (tool) => withProperty(tool, { type: 'integer' }),
  'a description of a property': (tool) =>
    withProperty(tool, { type: 'string', default: 'a', enum: ['a', 'b'], description: MARKER }),
  required: (tool) => ({ ...tool, inputSchema: { ...(tool['inputSchema'] as Json), required: [] } }),
  'a new property': (tool) => ({
    ...tool,
    inputSchema: {
      type: 'object',
      properties: { text: { type: 'string' }, secret: { type: 'string', description: MARKER } },
    },
  }),
  'a schema comment': (tool) => ({
    ...tool,
    inputSchema: { ...(tool['inputSchema'] as Json), $comment: MARKER },
  }),
  'an x-mcp-header': (tool) =>
    withProperty(tool, { type: 'string', default: 'a', enum: ['a', 'b'], 'x-mcp-header': 'Text' }),
  'the output schema': (tool) => ({
    ...tool,
    outputSchema: { type: 'object', properties: { ok: { type: 'string' } } },
  }),
  'no output schema': ({ outputSchema: _gone, ...tool }) => tool,
  'an icon': (tool) => ({
    ...tool,
    icons: [{ src: `https://evil.test/${MARKER}.png`, mimeType: 'image/png' }],
  }),
  _meta: (tool) => ({ ...tool, _meta: { 'com.example/version': 2 } }),
  'a new _meta key': (tool) => ({ ...tool, _meta: { 'com.example/version': 1, 'com.example/ui': MARKER } }),
  'an unknown field': (tool) => ({ ...tool, 'x-new': MARKER }),
}

function withProperty(tool: Json, text: Json): Json {
  return { ...tool, inputSchema: { type: 'object', properties: { text }, required: ['text'] } }
}

async function approved(rig: Rig, era: Era, name: string, overrides: Json = {}): Promise<EvilHttp> {
  const evil = await rig.ownEvil(era, {
    tools: [PINNED, STABLE],
    prompts: [],
    templates: [],
    resources: [],
    ...overrides,
  })
  await addServer(rig, name, evil.url)
  return evil
}

async function eachChange(rig: Rig, era: Era, upstreamEra: Era): Promise<void> {
  const name = 'pin-each'
  const evil = await approved(rig, upstreamEra, name)
  const faces = [await rig.face(era, `/mcp/servers/${name}`), await rig.face(era, '/mcp')] as const
  for (const face of faces) await expectEcho(face, face.path === '/mcp' ? `${name}__pinned` : 'pinned')
  const wrong: string[] = []
  for (const [label, change] of Object.entries(CHANGES)) {
    evil.state.tools = [change(PINNED), STABLE]
    const forwarded = countSeen(evil.state, 'tools/call')
    for (const face of faces) {
      const prefix = face.path === '/mcp' ? `${name}__` : ''
      const listed = await face.send('tools/list')
      // The list is asked first, without any refresh: what the upstream answers now is held against the pins now.
      if (
        face.path !== '/mcp' &&
        (listed.text.includes(MARKER) || showsAnotherForm(listed, `${prefix}pinned`))
      )
        wrong.push(`${label}: shown at ${face.path}`)
      if (face.path === '/mcp') await refresh(rig.hub, name)
      const later = await face.send('tools/list')
      if (later.text.includes(MARKER) || later.text.includes(`"${prefix}pinned"`))
        wrong.push(`${label}: shown at ${face.path} after a refresh`)
      if (!later.text.includes(`"${prefix}stable"`))
        wrong.push(`${label}: the unchanged tool vanished at ${face.path}`)
    }
    for (const face of faces) {
      const tool = face.path === '/mcp' ? `${name}__pinned` : 'pinned'
      const reply = await face.call(tool, { text: 'a' })
      if (reply.answer?.['error'] === undefined || (reply.answer['error'] as Json)['code'] !== 4710)
        wrong.push(`${label}: a call at ${face.path} answered ${reply.text.slice(0, 120)}`)
    }
    if (countSeen(evil.state, 'tools/call') !== forwarded) wrong.push(`${label}: a call reached the upstream`)
    evil.state.tools = [PINNED, STABLE]
    await refresh(rig.hub, name)
  }
  for (const face of faces) {
    await expectEcho(
      face,
      face.path === '/mcp' ? `${name}__pinned` : 'pinned',
      'the approved definition is back',
    )
    await face.close()
  }
  assert.deepEqual(wrong, [], `of ${Object.keys(CHANGES).length} kinds of change`)
}

/** True when the list shows the tool in another form than the approved one, which may stand there for a moment. */
function showsAnotherForm(reply: Reply, name: string): boolean {
  const result = reply.answer?.['result'] as Json | undefined
  const shown = ((result?.['tools'] ?? []) as Json[]).find((tool) => tool['name'] === name)
  return shown !== undefined && !isDeepStrictEqual(shown, { ...withoutScript(PINNED), name })
}

async function flapping(rig: Rig, era: Era): Promise<void> {
  const evil = await approved(rig, era, 'pin-flap')
  const poisoned = { ...PINNED, description: MARKER }
  let turn = 0
  evil.state.overrides.set('tools/list', () => {
    turn += 1
    return {
      tools: [turn % 2 === 0 ? PINNED : poisoned, STABLE].map(withoutScript),
      ...(era === '2026-07-28' ? { ttlMs: 0, cacheScope: 'private' } : {}),
    }
  })
  for (const clientEra of ERAS) {
    const face = await rig.face(clientEra, '/mcp/servers/pin-flap')
    for (let round = 0; round < 20; round += 1) {
      const reply = await face.send('tools/list')
      assert.ok(!reply.text.includes(MARKER), `round ${round}: the poisoned form was shown (${clientEra})`)
      if (round % 5 === 0) await refresh(rig.hub, 'pin-flap')
    }
    await face.close()
  }
  const merged = await (await rig.face('2026-07-28', '/mcp')).send('tools/list')
  assert.ok(!merged.text.includes(MARKER))
}

async function secondPage(rig: Rig, era: Era): Promise<void> {
  const many = Array.from({ length: 9 }, (_, index) => toolDefinition(`t${index}`, { 'x-behaviour': 'echo' }))
  const evil = await approved(rig, era, 'pin-page', { tools: [...many, PINNED], pageSize: 3 })
  for (const clientEra of ERAS) {
    const face = await rig.face(clientEra, '/mcp/servers/pin-page')
    assert.equal((await listNames(face)).length, 10, 'all pages are approved with the server')
    evil.state.tools = [...many, { ...PINNED, description: MARKER }]
    await refresh(rig.hub, 'pin-page')
    const names = await listNames(face)
    assert.deepEqual(
      names.sort(),
      many.map((tool) => String(tool['name'])),
      'all but the changed one of the last page',
    )
    expectRpcError(await face.call('pinned', { text: 'a' }), 'the changed tool', { code: [4710] })
    const direct = await face.send('tools/list', { cursor: '9' })
    assert.ok(!direct.text.includes(MARKER), 'the last page, asked for by its cursor')
    evil.state.tools = [...many, PINNED]
    await refresh(rig.hub, 'pin-page')
    await face.close()
  }
}

async function toldByNotification(rig: Rig, era: Era): Promise<void> {
  const evil = await approved(rig, era, 'pin-told')
  const face = await rig.face('2026-07-28', '/mcp/servers/pin-told')
  const stream = await openStream(
    rig.hub,
    face.build('subscriptions/listen', { notifications: { toolsListChanged: true } }),
  )
  await stream.next((message) => message['method'] === 'notifications/subscriptions/acknowledged')
  evil.state.tools = [
    { ...PINNED, description: MARKER },
    STABLE,
    toolDefinition('brand_new', { description: MARKER, 'x-behaviour': 'echo' }),
  ]
  for (let tries = 0; tries < 50 && evil.broadcast('notifications/tools/list_changed') === 0; tries += 1)
    await sleep(100)
  let quarantined = 0
  for (let tries = 0; tries < 50 && quarantined < 2; tries += 1) {
    await sleep(100)
    quarantined = Number(((await showServer(rig.hub, 'pin-told'))['counts'] as Json)['quarantined'])
  }
  assert.equal(quarantined, 2, 'the changed tool and the new one are quarantined without being asked for')
  assert.ok(!JSON.stringify(stream.messages).includes(MARKER), 'the notification carried the change')
  stream.abort()
  assert.ok(!(await face.send('tools/list')).text.includes(MARKER))
  const before = countSeen(evil.state, 'tools/call')
  for (const tool of ['pinned', 'brand_new'])
    expectRpcError(await face.call(tool, { text: 'a' }), tool, { code: [4710] })
  assert.equal(countSeen(evil.state, 'tools/call'), before, 'a held-back tool was called')
  const definitions = (await showServer(rig.hub, 'pin-told'))['definitions'] as Json[]
  const changed = definitions.find((definition) => definition['name'] === 'pinned')
  assert.equal(changed?.['state'], 'quarantined')
  assert.deepEqual(changed?.['diff'], [
    { pointer: '/description', before: PINNED['description'], after: MARKER },
  ])
}

async function reviewByHash(rig: Rig, era: Era): Promise<void> {
  const evil = await approved(rig, era, 'pin-review')
  const face = await rig.face('2026-07-28', '/mcp/servers/pin-review')
  const hashOf = async (): Promise<unknown> =>
    ((await refresh(rig.hub, 'pin-review'))['definitions'] as Json[]).find(
      (definition) => definition['name'] === 'pinned',
    )?.['hash']
  const review = (hash: unknown) =>
    rig.hub.api('POST', '/api/servers/pin-review/review', {
      approve: [{ kind: 'tool', name: 'pinned', hash }],
    })
  evil.state.tools = [{ ...PINNED, description: 'Second form.' }, STABLE]
  const seen = await hashOf()
  evil.state.tools = [{ ...PINNED, description: MARKER }, STABLE]
  const current = await hashOf()
  assert.notEqual(seen, current)
  for (const hash of [seen, 'A'.repeat(43), '', null]) {
    const reply = await review(hash)
    assert.ok(reply.status < 500, `review of ${String(hash)}: ${reply.status}`)
    assert.ok(
      !(await face.send('tools/list')).text.includes(MARKER),
      `reviewing ${String(hash)} opened another form`,
    )
    expectRpcError(await face.call('pinned', { text: 'a' }), 'still held back', { code: [4710] })
  }
  const right = await review(current)
  assert.equal(right.status, 200, right.text.slice(0, 300))
  assert.ok((await listNames(face)).includes('pinned'))
  await expectEcho(face, 'pinned')
}

async function otherKinds(rig: Rig, era: Era): Promise<void> {
  const prompts = [{ name: 'greet', description: 'Greets.' }]
  const templates = [{ uriTemplate: 'evil://items/{id}', name: 'items', description: 'Items.' }]
  const evil = await approved(rig, era, 'pin-other', { prompts, templates, instructions: 'Be kind.' })
  evil.state.prompts = [{ name: 'greet', description: MARKER }]
  evil.state.templates = [{ ...templates[0], description: MARKER }]
  evil.state.instructions = MARKER
  await refresh(rig.hub, 'pin-other')
  for (const clientEra of ERAS) {
    for (const path of ['/mcp/servers/pin-other', '/mcp']) {
      const face = await rig.face(clientEra, path)
      assert.ok(
        !JSON.stringify(face.initialized ?? {}).includes(MARKER),
        `instructions in initialize at ${path}`,
      )
      for (const method of [
        'prompts/list',
        'resources/templates/list',
        ...(clientEra === '2026-07-28' ? ['server/discover'] : []),
      ]) {
        const reply = await face.send(method)
        assert.ok(!reply.text.includes(MARKER), `${method} at ${path} (${clientEra})`)
      }
      await face.close()
    }
    const face = await rig.face(clientEra, '/mcp/servers/pin-other')
    const before = countSeen(evil.state, 'prompts/get')
    expectRpcError(await face.send('prompts/get', { name: 'greet' }), 'the held-back prompt', {
      code: [4710],
    })
    assert.equal(countSeen(evil.state, 'prompts/get'), before, 'a held-back prompt was fetched')
    await face.close()
  }
}
