import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { say, startAgentHub, type AgentHub } from './start-agent-hub.ts'

let opened: AgentHub
beforeAll(async () => {
  opened = await startAgentHub()
})
afterAll(() => opened[Symbol.asyncDispose]())

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: any
}

async function ask(
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(`${opened.url}/v1${path}`, {
    method,
    headers: {
      ...opened.hub.headers,
      'a2a-version': '1.0',
      ...(body === undefined ? {} : { 'content-type': 'application/a2a+json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : text }
}

const LEGACY = { 'a2a-version': '' }

function reasonOf({ body }: Answer): string | undefined {
  return body.error?.details?.find((detail: any) => detail['@type'].endsWith('ErrorInfo'))?.reason
}

describe('§11: HTTP+JSON of 1.0', () => {
  test('answers have the media type of A2A, and requests may have either', async () => {
    for (const type of ['application/a2a+json', 'application/json; charset=utf-8']) {
      const sent = await ask('POST', '/message:send', {
        body: say('echo hi'),
        headers: { 'content-type': type },
      })
      expect(sent).toMatchObject({ status: 200, body: { message: { parts: [{ text: 'hi' }] } } })
      expect(sent.headers.get('content-type')).toBe('application/a2a+json')
    }
    const other = await ask('POST', '/message:send', {
      body: JSON.stringify(say('echo never')),
      headers: { 'content-type': 'text/plain' },
    })
    expect(other.status).toBe(400)
    expect(reasonOf(other)).toBe('CONTENT_TYPE_NOT_SUPPORTED')
    expect(opened.agent.executor.received).not.toContain('echo never')
  })

  test('§11.5: fields of requests without a body stand in the address', async () => {
    const { body } = await ask('POST', '/message:send', { body: say('chunks 1') })
    const { id, contextId } = body.task
    expect((await ask('GET', `/tasks/${id}?historyLength=0`)).body).not.toHaveProperty('history')
    const query = `contextId=${contextId}&status=TASK_STATE_COMPLETED&pageSize=10&includeArtifacts=true&nobody=knows`
    expect((await ask('GET', `/tasks?${query}`)).body).toMatchObject({ totalSize: 1, pageSize: 10 })
    expect((await ask('GET', `/tasks?context_id=${contextId}&page_size=7`)).body).toMatchObject({
      pageSize: 7,
    })
    for (const wrong of [
      'pageSize=ten',
      'pageSize=101',
      'pageSize=1&pageSize=2',
      'includeArtifacts=yes',
      'status=DONE',
    ]) {
      const refused = await ask('GET', `/tasks?${wrong}`)
      expect([wrong, refused.status, refused.body.error.status]).toEqual([wrong, 400, 'INVALID_ARGUMENT'])
      const field = wrong.split('=')[0]
      expect(refused.body.error.details).toContainEqual(
        expect.objectContaining({ fieldViolations: [expect.objectContaining({ field })] }),
      )
    }
  })

  test('§11.6: errors are google.rpc.Status with the status of their kind', async () => {
    const none = await ask('GET', '/tasks/none')
    expect(none.status).toBe(404)
    expect(none.headers.get('content-type')).toBe('application/a2a+json')
    expect(none.body.error).toMatchObject({
      code: 404,
      status: 'NOT_FOUND',
      details: [{ reason: 'TASK_NOT_FOUND', domain: 'a2a-protocol.org', metadata: { taskId: 'none' } }],
    })
    const version = await ask('GET', '/tasks', { headers: { 'a2a-version': '99.0' } })
    expect([version.status, reasonOf(version)]).toEqual([400, 'VERSION_NOT_SUPPORTED'])
    const params = await ask('POST', '/message:send', { body: { message: { role: 'ROLE_USER', parts: [] } } })
    expect(params).toMatchObject({ status: 400, body: { error: { status: 'INVALID_ARGUMENT' } } })
  })

  test('what is not there is told as 404, and another method as 405 with those that are', async () => {
    for (const path of [
      '/',
      '/nothing',
      '/tasks/a/b',
      '/message:other',
      '/tasks/a/pushNotificationConfigs/b/c',
    ]) {
      expect([path, (await ask('GET', path)).status]).toEqual([path, 404])
    }
    const asked = [
      ['GET', '/message:send', 'POST'],
      ['DELETE', '/tasks', 'GET'],
      ['PUT', '/tasks/a/pushNotificationConfigs', 'GET, POST'],
      ['DELETE', '/tasks/a:subscribe', 'GET, POST'],
    ] as const
    for (const [method, path, allow] of asked) {
      const refused = await ask(method, path)
      expect([path, refused.status, refused.headers.get('allow')]).toEqual([path, 405, allow])
    }
    const response = await fetch(`${opened.hub.url}/a2a/agents/nobody/v1/tasks`, {
      headers: { ...opened.hub.headers, 'a2a-version': '1.0' },
    })
    expect(response.status).toBe(404)
  })

  test('a tenant before the path must be the agent', async () => {
    const sent = await ask('POST', '/helper/message:send', { body: say('echo hi') })
    expect(sent.body.message.parts).toEqual([expect.objectContaining({ text: 'hi' })])
    expect((await ask('GET', '/helper/tasks?tenant=helper')).status).toBe(200)
    for (const [method, path, body] of [
      ['POST', '/other/message:send', say('echo never')],
      ['POST', '/helper/message:send', { ...say('echo never'), tenant: 'other' }],
      ['POST', '/message:send', { ...say('echo never'), tenant: 'other' }],
      ['GET', '/tasks?tenant=other', undefined],
    ] as const) {
      const refused = await ask(method, path, { body })
      expect([path, refused.status]).toEqual([path, 400])
    }
    expect(opened.agent.executor.received).not.toContain('echo never')
  })

  test('a stream has events without an envelope, and GET subscribes as POST does', async () => {
    const sent = await ask('POST', '/message:stream', { body: say('chunks 2') })
    expect(sent.headers.get('content-type')).toBe('text/event-stream')
    const events = sent.text
      .trim()
      .split('\n\n')
      .map((event) => JSON.parse(event.replace(/^data: /, '')))
    expect(events[0]).toHaveProperty('task')
    expect(events.at(-1)).toMatchObject({ statusUpdate: { status: { state: 'TASK_STATE_COMPLETED' } } })
    const { body } = await ask('POST', '/message:send', {
      body: { ...say('slow 300'), configuration: { returnImmediately: true } },
    })
    const streams = await Promise.all(
      ['GET', 'POST'].map((method) => ask(method, `/tasks/${body.task.id}:subscribe`)),
    )
    for (const { status, text } of streams) {
      expect(status).toBe(200)
      expect(text).toContain('TASK_STATE_COMPLETED')
    }
  })

  test('a path that names another task than the body is refused', async () => {
    const refused = await ask('POST', '/tasks/one/pushNotificationConfigs', {
      body: { taskId: 'two', url: 'https://example.com/told' },
    })
    expect(refused.body.error.details).toContainEqual(
      expect.objectContaining({ fieldViolations: [expect.objectContaining({ field: 'taskId' })] }),
    )
  })

  test('hostile bodies are refused, and never break anything', async () => {
    const hostile = [
      '{"message":{"message',
      '[]',
      '"x"',
      '{"message":1,"message":2}',
      '{"__proto__":{"message":{}}}',
      `{"message":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      '{"message":{"role":"ROLE_USER","messageId":"a","parts":[{"text":"\\ud800"}]}}',
      '{"message":{"role":"ROLE_USER","messageId":"a","parts":[{"data":1e400}]},"configuration":{"historyLength":1e99}}',
      '\u0000',
      '\ufeff{}',
    ]
    for (const body of hostile) {
      const refused = await ask('POST', '/message:send', { body })
      expect([body.slice(0, 40), refused.status]).toEqual([body.slice(0, 40), 400])
    }
    for (const path of ['/tasks/%FF', '/tasks/%00', '/tasks/__proto__', '/constructor', '/__proto__/tasks']) {
      const { status } = await ask('GET', path)
      expect([path, status >= 400 && status < 500]).toEqual([path, true])
    }
    const large = await ask('POST', '/message:send', { body: say('echo ' + 'x'.repeat(1_100_000)) })
    expect(large).toMatchObject({ status: 413, body: { error: { code: 413, status: 'RESOURCE_EXHAUSTED' } } })
    expect((await ask('POST', '/message:send', { body: say('echo fine') })).status).toBe(200)
  })

  test('B2: who is not known is told where to get a token, in the words of the binding', async () => {
    const refused = await ask('GET', '/tasks', { headers: { Authorization: '' } })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toContain('resource_metadata=')
    expect(refused.body.error).toMatchObject({ code: 401, status: 'UNAUTHENTICATED' })
  })
})

describe('HTTP+JSON of 0.3, which is what is spoken where no version is said', () => {
  const asLegacy = (method: string, path: string, body?: unknown) =>
    ask(method, path, {
      body,
      headers: { ...LEGACY, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    })

  test('messages, tasks and the card are in the form of its proto', async () => {
    const content = [
      { text: 'parts', metadata: { a: 1 } },
      { file: { fileWithUri: 'https://example.com/a.png', mimeType: 'image/png', name: 'a.png' } },
    ]
    const sent = await asLegacy('POST', '/message:send', {
      request: { messageId: 'legacy-1', role: 'ROLE_USER', content },
      configuration: { blocking: true },
    })
    expect(sent.status).toBe(200)
    expect(sent.headers.get('content-type')).toBe('application/json')
    const { task } = sent.body
    expect(task.artifacts[0].parts).toMatchObject(content)
    expect((await asLegacy('GET', `/tasks/${task.id}`)).body).toEqual(task)
    expect((await asLegacy('GET', '/card')).body).toMatchObject({
      protocolVersion: '0.3.0',
      name: 'SDK agent',
    })
  })

  test('errors have its form, and what only 1.0 has is told so', async () => {
    const none = await asLegacy('GET', '/tasks/none')
    expect(none).toMatchObject({ status: 404, body: { code: -32001, message: expect.any(String) } })
    const list = await asLegacy('GET', '/tasks')
    expect(list.status).toBe(404)
    expect(list.body.message).toContain('A2A-Version: 1.0')
  })
})

test('H12: no version and no extension is a way around the credential', async () => {
  const before = opened.agent.executor.received.length
  const said = ['1.0', '0.3', '', '0.2', '99.0', 'x'.repeat(5000), '1.0, 0.3']
  for (const version of said)
    for (const extensions of ['', 'https://example.com/no-auth', ',,;\u00ff', 'x'.repeat(5000)]) {
      const headers = { Authorization: '', 'a2a-version': version, 'a2a-extensions': extensions }
      const sent = [
        await ask('POST', '/message:send', { body: say('echo never'), headers }),
        await ask('GET', '/extendedAgentCard', { headers }),
        await ask('GET', '/card', { headers }),
      ]
      expect([version.slice(0, 9), ...sent.map(({ status }) => status)]).toEqual([
        version.slice(0, 9),
        401,
        401,
        401,
      ])
      const { status } = await opened
        .rpc('SendMessage', say('echo never'), headers)
        .catch(() => ({ status: 401 }))
      expect(status).toBe(401)
    }
  expect(opened.agent.executor.received).toHaveLength(before)
})

test('H4: without a credential there is no extended card, in any version', async () => {
  for (const [path, version] of [
    ['/extendedAgentCard', '1.0'],
    ['/card', '0.3'],
  ] as const) {
    const refused = await ask('GET', path, { headers: { Authorization: '', 'a2a-version': version } })
    expect(refused.status).toBe(401)
    expect(refused.text).not.toContain('SDK agent')
  }
})

describe('JSON-RPC', () => {
  test('each version has its own methods, and says where the other’s are', async () => {
    const wrong = await opened.rpc('message/send', say('echo never'))
    expect(wrong.error).toMatchObject({ code: -32601, message: expect.stringContaining('A2A-Version: 0.3') })
    const other = await opened.rpc('SendMessage', say('echo never'), LEGACY)
    expect(other.error).toMatchObject({ code: -32601, message: expect.stringContaining('A2A-Version: 1.0') })
    const unknown = await opened.rpc('SendMessage', say('echo never'), { 'a2a-version': '2.0' })
    expect(unknown.error).toMatchObject({ code: -32009 })
    expect(opened.agent.executor.received).not.toContain('echo never')
  })

  test('a client of 0.3 says no version, and is answered with kinds', async () => {
    const { result } = await opened.rpc(
      'message/send',
      {
        message: {
          kind: 'message',
          messageId: 'legacy-2',
          role: 'user',
          parts: [{ kind: 'text', text: 'chunks 1' }],
        },
      },
      LEGACY,
    )
    expect(result).toMatchObject({ kind: 'task', status: { state: 'completed' } })
    expect(result.artifacts[0].parts[0]).toMatchObject({ kind: 'text', text: '0' })
  })
})
