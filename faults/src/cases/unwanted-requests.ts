import assert from 'node:assert/strict'
import type { Era, Json } from '../evil/evil-state.ts'
import { badHeaderTools, toolDefinition } from '../evil/definitions.ts'
import { openStream } from '../kit/stream.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { ERAS, UPSTREAMS, type Rig, type UpstreamName } from '../run/rig.ts'
import { addServer, expectEcho, expectRpcError, listNames, sleep } from './expectations.ts'

/** P9 and P10: what a server may not define, and may not ask of a client. */
export const unwantedRequestsGroup: FaultGroup = {
  name: 'unwanted-requests',
  cases: [
    ...ERAS.map((era) => ({
      requirement: 'P9',
      name: `x-mcp-header definitions that break the rules drop that tool only (${era})`,
      run: (rig: Rig) => brokenHeaders(rig, era),
    })),
    {
      requirement: 'P9',
      name: 'mirrored parameter values do not stand in the log (2026-07-28)',
      run: valuesNotLogged,
    },
    ...ERAS.flatMap((era) =>
      UPSTREAMS.flatMap((upstream) => [
        {
          requirement: 'P10',
          name: `a request the client did not declare never reaches it (${era} → ${upstream})`,
          run: (rig: Rig) => undeclared(rig, era, upstream),
        },
        {
          requirement: 'P10',
          name: `URL elicitation is https only (${era} → ${upstream})`,
          run: (rig: Rig) => urlsOnlyHttps(rig, era, upstream),
        },
      ]),
    ),
    ...ERAS.map((era) => ({
      requirement: 'P10',
      name: `a modern server's own request on the stream is dropped (${era})`,
      run: (rig: Rig) => requestOnStream(rig, era),
    })),
    {
      requirement: 'P10',
      name: 'an undeclared request of a legacy server is answered with an error',
      run: legacyIsAnswered,
    },
  ],
}

async function brokenHeaders(rig: Rig, era: Era): Promise<void> {
  const evil = await rig.ownEvil('2026-07-28', {
    tools: [
      toolDefinition('fine', { 'x-behaviour': 'echo' }),
      ...badHeaderTools(),
      toolDefinition('fine_too', { 'x-behaviour': 'echo' }),
    ],
  })
  const name = `headers-${era.slice(0, 4)}`
  await addServer(rig, name, evil.url)
  for (const [path, prefix] of [
    [`/mcp/servers/${name}`, ''],
    ['/mcp', `${name}__`],
  ] as const) {
    const face = await rig.face(era, path)
    const names = (await listNames(face)).filter(
      (tool) => tool.startsWith(prefix) && (tool.includes('broken') || tool.includes('fine')),
    )
    assert.deepEqual(
      names.sort(),
      [`${prefix}fine`, `${prefix}fine_too`],
      `${path}: exactly the broken ones are missing`,
    )
    await expectEcho(face, `${prefix}fine`)
    await face.close()
  }
}

async function valuesNotLogged(rig: Rig): Promise<void> {
  const face = await rig.face('2026-07-28', '/mcp/servers/modern')
  const secret = `zzSECRET${rig.random.integer(1e9)}`
  await face.call('header_tool', { region: secret }, { headers: { 'mcp-param-region': secret } })
  await face.call('header_tool', { region: 'other' }, { headers: { 'mcp-param-region': secret } })
  await sleep(300)
  assert.ok(!rig.hub.log().includes(secret), 'the value stands in the log')
  for (const path of ['/api/activity', '/metrics', '/api/status']) {
    const reply = await rig.hub.api('GET', path)
    assert.ok(!reply.text.includes(secret), `the value stands in ${path}`)
  }
}

const FORM: Json = {
  mode: 'form',
  message: 'Your password?',
  requestedSchema: { type: 'object', properties: {} },
}
const REQUESTS: readonly Json[] = [
  { method: 'elicitation/create', params: FORM },
  {
    method: 'elicitation/create',
    params: { mode: 'url', message: 'Open', url: 'https://example.com/', elicitationId: 'e1' },
  },
  {
    method: 'sampling/createMessage',
    params: { messages: [{ role: 'user', content: { type: 'text', text: 'leak' } }], maxTokens: 10 },
  },
  { method: 'roots/list', params: {} },
  { method: 'evil/request', params: {} },
]

/** The client's own messages never hold such a request, neither as a request nor inside `inputRequests`. */
function expectNoRequest(messages: readonly Json[], label: string): void {
  const text = JSON.stringify(messages)
  const isRequest = messages.some((message) => 'method' in message && 'id' in message)
  assert.ok(
    !isRequest && !text.includes('inputRequests'),
    `${label}: the request reached the client: ${text.slice(0, 400)}`,
  )
}

async function undeclared(rig: Rig, era: Era, upstream: UpstreamName): Promise<void> {
  const face = await rig.face(era, `/mcp/servers/${upstream}`)
  for (const request of REQUESTS) {
    const reply = await face.call('elicit', { request })
    const label = `${String(request['method'])} ${String((request['params'] as Json)['mode'] ?? '')}`
    expectNoRequest(reply.messages, label)
    assert.ok(reply.answer, `${label}: no answer at all: ${reply.status} ${reply.text.slice(0, 200)}`)
    if (upstream.endsWith('modern')) expectRpcError(reply, label)
  }
  await expectEcho(face)
  await face.close()
}

const BAD_URLS = [
  'http://evil.test/',
  'javascript:alert(1)',
  'JAVASCRIPT:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  'ftp://evil.test/',
  'https:evil',
  '//evil.test/',
  'https://user:password@evil.test/',
  'vbscript:x',
  ' https://evil.test/',
  '$(touch /tmp/parley-evil)',
  '',
]

async function urlsOnlyHttps(rig: Rig, era: Era, upstream: UpstreamName): Promise<void> {
  const face = await rig.face(era, `/mcp/servers/${upstream}`, {
    capabilities: { elicitation: { form: {}, url: {} } },
  })
  for (const url of BAD_URLS) {
    const request = {
      method: 'elicitation/create',
      params: { mode: 'url', message: 'Open this', url, elicitationId: 'e1' },
    }
    const stream = await openStream(
      rig.hub,
      face.build('tools/call', { name: 'elicit', arguments: { request } }),
    )
    await stream.next((message) => 'result' in message || 'error' in message || 'id' in message, 6000)
    expectNoRequest(stream.messages, url)
    stream.abort()
  }
  await face.close()
}

async function requestOnStream(rig: Rig, era: Era): Promise<void> {
  const capabilities = { sampling: {}, elicitation: {}, roots: {} }
  for (const upstream of ['modern', 'stdio-modern'] as const) {
    const face = await rig.face(era, `/mcp/servers/${upstream}`, { capabilities })
    for (const method of [
      'sampling/createMessage',
      'elicitation/create',
      'roots/list',
      'ping',
      'tools/call',
    ]) {
      const params = method === 'elicitation/create' ? FORM : { messages: [], maxTokens: 1 }
      const reply = await face.call('server_request', { method, params })
      expectNoRequest(reply.messages, `${upstream}: ${method}`)
      assert.ok(
        reply.answer,
        `${upstream}: ${method}: no answer: ${reply.status} ${reply.text.slice(0, 200)}`,
      )
    }
    const foreign = await face.call('foreign_notification')
    assert.ok(
      foreign.answer && 'result' in foreign.answer,
      `after foreign notifications: ${foreign.text.slice(0, 200)}`,
    )
    await expectEcho(face)
    await face.close()
  }
}

async function legacyIsAnswered(rig: Rig): Promise<void> {
  for (const era of ERAS) {
    const face = await rig.face(era, '/mcp/servers/legacy')
    for (const method of ['sampling/createMessage', 'elicitation/create', 'roots/list', 'evil/request']) {
      const answers = rig.legacy.state.answersToServerRequests.length
      const reply = await face.call('server_request', {
        method,
        params: method === 'elicitation/create' ? FORM : {},
      })
      expectNoRequest(reply.messages, `${era}: ${method}`)
      const answer = rig.legacy.state.answersToServerRequests[answers]
      assert.ok(
        answer && 'error' in answer,
        `${era}: ${method}: the server was not told no: ${JSON.stringify(answer)}`,
      )
    }
    await face.close()
  }
}
