import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { json, linkToRaw, result, TASK, type Asked } from './fixtures/raw-agent.ts'
import { codeOf, OPTIONS, openLink, sending } from './fixtures/test-kit.ts'
import { AgentCredentialRefused } from './status-error.ts'

const ANSWER = { task: TASK }
type Answer = (asked: Asked, res: ServerResponse) => void

/** Sends one message; answers the code of its error and the sentence. */
async function send(answer: Answer, limits = {}, options = OPTIONS) {
  await using agent = await linkToRaw(answer, { limits })
  const error = await agent.link.call('SendMessage', sending('hello'), options).then(
    () => undefined,
    (reason: Error & { code?: string }) => reason,
  )
  const { state } = agent.link.health()
  return {
    code: error?.code ?? error?.message ?? 'fine',
    words: error?.message,
    error,
    state,
    asked: agent.asked,
  }
}

/** Writes raw bytes on the connection in the place of an answer. */
function raw(res: ServerResponse, bytes: string | Buffer, closes = true): void {
  res.socket!.write(bytes)
  if (closes) res.socket!.end()
}

describe('R10: a call to an agent that does not answer as it must', () => {
  it.each<[string, Answer]>([
    ['a page', (_, res) => json(res, '<h1>Welcome</h1>', 200, 'text/html')],
    ['a page that says it is JSON', (_, res) => json(res, '<h1>Welcome</h1>')],
    ['nothing', (_, res) => void res.writeHead(204).end()],
    ['an empty body', (_, res) => json(res, '')],
    ['the answer to another request', ({ id }, res) => result(res, Number(id) + 1, ANSWER)],
    ['an answer without an id', (_, res) => json(res, { jsonrpc: '2.0', result: ANSWER })],
    ['JSON that is no JSON-RPC', ({ id }, res) => json(res, { id, result: ANSWER })],
    ['a list', ({ id }, res) => json(res, [{ jsonrpc: '2.0', id, result: ANSWER }])],
    ['a result that is none of the operation', ({ id }, res) => result(res, id, { hello: 'world' })],
    [
      'a task and a message at once',
      ({ id }, res) =>
        result(res, id, {
          ...ANSWER,
          message: { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'x' }] },
        }),
    ],
    ['a task without a state', ({ id }, res) => result(res, id, { task: { id: 't', status: {} } })],
    [
      'a state that A2A does not have',
      ({ id }, res) => result(res, id, { task: { ...TASK, status: { state: 'TASK_STATE_DREAMING' } } }),
    ],
    ['an id that is no text', ({ id }, res) => result(res, id, { task: { ...TASK, id: { a: 1 } } })],
    ['neither result nor error', ({ id }, res) => json(res, { jsonrpc: '2.0', id })],
    ['an error that is none', ({ id }, res) => json(res, { jsonrpc: '2.0', id, error: 'no' })],
    [
      'a member twice',
      ({ id }, res) =>
        json(res, `{"jsonrpc":"2.0","id":${String(id)},"result":{"task":{"id":"a","id":"b"}}}`),
    ],
    [
      'a depth without end',
      ({ id }, res) =>
        json(res, `{"jsonrpc":"2.0","id":${String(id)},"result":${'['.repeat(50_000)}${']'.repeat(50_000)}}`),
    ],
    ['what is half a character', (_, res) => json(res, '{"jsonrpc":"2.0","id":1,"result":{"x":"\\ud800"}}')],
    [
      'a stream that nobody asked for',
      ({ id }, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' })
        res.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: ANSWER })}\n\n`)
      },
    ],
    [
      'an encoded body',
      (_, res) =>
        void res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('x'),
    ],
    ['bytes that are no HTTP', (_, res) => raw(res, 'SSH-2.0-agent\r\n\r\n')],
    [
      'two lengths',
      (_, res) => raw(res, 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'),
    ],
  ])('says so: %s', async (_, answer) => {
    const { code, words, state, asked } = await send(answer)
    expect(code).toBe('upstream_invalid')
    expect(words!.length).toBeLessThan(500)
    expect(words).not.toMatch(/127\.0\.0\.1|TypeError|undefined/)
    expect(state).toBe('failing')
    expect(asked).toHaveLength(1)
  })

  it.each<[string, Answer, string]>([
    ['a redirect', (_, res) => void res.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(), 'failing'],
    ['an error of its web server', (_, res) => json(res, '<h1>oops</h1>', 500, 'text/html'), 'failing'],
    ['an error of a proxy before it', (_, res) => json(res, 'bad gateway', 502, 'text/plain'), 'unreachable'],
    ['a connection that is closed at once', (_, res) => void res.socket!.destroy(), 'unreachable'],
    [
      'a body that breaks off',
      (_, res) => {
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
        res.write('{"jsonrpc"')
        setTimeout(() => res.socket!.destroy(), 10)
      },
      'unreachable',
    ],
  ])('cannot reach it: %s', async (_, answer, wanted) => {
    const { code, state, asked } = await send(answer)
    expect(code).toBe('upstream_unavailable')
    expect(state).toBe(wanted)
    // It may have done what it was asked.
    expect(asked).toHaveLength(1)
  })

  it('takes no answer that is larger than it may be, said or not', async () => {
    const limits = { responseBytes: 10_000 }
    const large: Answer = ({ id }, res) =>
      result(res, id, { task: { ...TASK, metadata: { x: 'x'.repeat(20_000) } } })
    expect((await send(large, limits)).code).toBe('upstream_invalid')
    const endless: Answer = (_, res) => {
      res.writeHead(200, { 'content-type': 'application/json' })
      const timer = setInterval(() => res.write(' '.repeat(1000)), 1)
      res.on('close', () => clearInterval(timer))
    }
    expect((await send(endless, limits)).code).toBe('upstream_invalid')
  })

  it('gives up on one that is silent, and on one that trickles', async () => {
    const soon = { headers: {}, timeoutMs: 300 }
    expect((await send(() => {}, {}, soon)).code).toBe('upstream_timeout')
    const trickle: Answer = (_, res) => {
      res.writeHead(200, { 'content-type': 'application/json' })
      const timer = setInterval(() => res.write(' '), 20)
      res.on('close', () => clearInterval(timer))
    }
    const begun = performance.now()
    expect((await send(trickle, {}, soon)).code).toBe('upstream_timeout')
    expect(performance.now() - begun).toBeLessThan(5000)
  })

  it('says whose credential was refused, and keeps the challenge from the caller', async () => {
    const { error, code } = await send(
      (_, res) => void res.writeHead(401, { 'www-authenticate': 'Bearer realm="agent"' }).end(),
    )
    expect(code).toBe('upstream_unavailable')
    expect(error).toBeInstanceOf(AgentCredentialRefused)
    expect((error as AgentCredentialRefused).challenge).toBe('Bearer realm="agent"')
    expect(JSON.stringify([error!.message, (error as AgentCredentialRefused).data])).not.toContain('realm')
  })
})

it('sends what the specification wants, and nothing of its own besides', async () => {
  await using agent = await linkToRaw(({ id }, res) => result(res, id, ANSWER), {
    tenant: 'blue',
    path: '/a2a?k=v',
  })
  const request = { ...sending('hello'), tenant: 'theirs' }
  await agent.link.call('SendMessage', request, {
    headers: { authorization: 'Bearer x' },
    extensions: ['https://example.com/one', 'https://example.com/two'],
    timeoutMs: 1000,
  })
  const [{ method, path, headers, text }] = agent.asked as [Asked]
  expect([method, path]).toEqual(['POST', '/a2a?k=v'])
  expect(headers).toEqual({
    host: expect.any(String),
    'a2a-version': '1.0',
    'a2a-extensions': 'https://example.com/one,https://example.com/two',
    accept: 'application/json',
    'accept-encoding': 'identity',
    authorization: 'Bearer x',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
  })
  const params = { ...sending('hello'), tenant: 'blue' }
  expect(JSON.parse(text)).toEqual({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params })
})

it('writes no header that could be another request', async () => {
  await using agent = await linkToRaw(({ id }, res) => result(res, id, ANSWER))
  const call = (options: object) =>
    codeOf(agent.link.call('SendMessage', sending('x'), { ...OPTIONS, ...options }))
  expect(await call({ headers: { 'x-a': 'b\r\nx-c: d' } })).toBe('internal')
  expect(await call({ headers: { 'x-a: b\r\nx-c': 'd' } })).toBe('internal')
  expect(await call({ extensions: ['https://a\r\nx-c: d'] })).toBe('invalid_params')
  expect(agent.asked).toEqual([])
})

describe('asking again', () => {
  const flaky = (): Answer => {
    let count = 0
    return ({ id }, res) => (count++ === 0 ? void res.socket!.destroy() : result(res, id, TASK))
  }

  it('reads once more when the connection broke, and changes nothing twice', async () => {
    await using reading = await linkToRaw(flaky())
    expect(await reading.link.call('GetTask', { id: 't1' }, OPTIONS)).toMatchObject({ id: 't1' })
    expect(reading.asked).toHaveLength(2)
    await using changing = await linkToRaw(flaky())
    expect(await codeOf(changing.link.call('CancelTask', { id: 't1' }, OPTIONS))).toBe('upstream_unavailable')
    expect(changing.asked).toHaveLength(1)
  })

  it('sends a message once more where nobody listened, for the agent may just be starting', async () => {
    const gone = await linkToRaw(() => {})
    const { url } = gone.link.interface
    await gone[Symbol.asyncDispose]()
    await using opened = openLink({ url })
    const begun = performance.now()
    expect(await codeOf(opened.link.call('SendMessage', sending('x'), OPTIONS))).toBe('upstream_unavailable')
    expect(performance.now() - begun).toBeGreaterThan(45)
    expect(opened.link.health().state).toBe('unreachable')
  })

  it('leaves an agent alone that cannot be reached, and says why', async () => {
    const gone = await linkToRaw(() => {})
    const { url } = gone.link.interface
    await gone[Symbol.asyncDispose]()
    await using opened = openLink({ url })
    for (let time = 0; time < 3; time++) await codeOf(opened.link.call('GetTask', { id: 't' }, OPTIONS))
    const begun = performance.now()
    expect(await codeOf(opened.link.call('GetTask', { id: 't' }, OPTIONS))).toBe('upstream_unavailable')
    expect(performance.now() - begun).toBeLessThan(40)
  })

  it('an error that the agent says itself is no reason to leave it alone', async () => {
    const error = { code: -32001, message: 'Task not found' }
    await using agent = await linkToRaw(({ id }, res) => json(res, { jsonrpc: '2.0', id, error }))
    for (let time = 0; time < 5; time++)
      expect(await codeOf(agent.link.call('GetTask', { id: 't' }, OPTIONS))).toBe('task_not_found')
    expect(agent.asked).toHaveLength(5)
    expect(agent.link.health().state).toBe('ready')
  })
})

it('lets no more calls under way than it may', async () => {
  const waiting: (() => void)[] = []
  await using agent = await linkToRaw(({ id }, res) => void waiting.push(() => result(res, id, ANSWER)), {
    limits: { calls: 2 },
  })
  const call = () => codeOf(agent.link.call('SendMessage', sending('x'), OPTIONS))
  const first = [call(), call()]
  expect(await call()).toBe('unavailable')
  await expect.poll(() => waiting.length).toBe(2)
  for (const answer of waiting) answer()
  expect(await Promise.all(first)).toEqual(['fine', 'fine'])
})

it('tells the agent when the caller has gone', async () => {
  await using agent = await linkToRaw(() => {})
  const abort = new AbortController()
  const call = codeOf(agent.link.call('SendMessage', sending('x'), { ...OPTIONS, signal: abort.signal }))
  await expect.poll(() => agent.open.size).toBe(1)
  abort.abort(new Error('gone'))
  expect(await call).toBe('gone')
  await expect.poll(() => agent.open.size).toBe(0)
  expect(agent.link.health().state).toBe('unknown')
})
