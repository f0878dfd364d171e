import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { events, json, linkToRaw, TASK, WORKING, type Asked } from './fixtures/raw-agent.ts'
import { codeOf, gather, OPTIONS, sending } from './fixtures/test-kit.ts'

type Answer = (asked: Asked, res: ServerResponse) => void
const STATUS = { statusUpdate: WORKING }

async function read(answer: Answer, limits = {}, exchange = OPTIONS) {
  await using agent = await linkToRaw(answer, { limits })
  const stream = gather(agent.link, 'SendStreamingMessage', sending('go'), { exchange })
  const code = await codeOf(stream.over)
  return { code, events: stream.events, state: agent.link.health().state, asked: agent.asked }
}

function sse(res: ServerResponse, text: string, ends = true): void {
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  if (ends) res.end(text)
  else res.write(text)
}

const line = (id: unknown, result: unknown) => `data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`

describe('R10: a stream of an agent that does not keep to the rules', () => {
  it.each<[string, Answer, number]>([
    ['an event that is none of A2A', ({ id }, res) => sse(res, line(id, STATUS) + line(id, { hello: 1 })), 1],
    ['an event of two kinds', ({ id }, res) => sse(res, line(id, { ...STATUS, task: TASK })), 0],
    ['an event of another request', ({ id }, res) => sse(res, line(Number(id) + 7, STATUS)), 0],
    ['an event that is no JSON', (_, res) => sse(res, 'data: hello\n\n'), 0],
    ['JSON without JSON-RPC', (_, res) => sse(res, `data: ${JSON.stringify(STATUS)}\n\n`), 0],
    [
      'an event of a megabyte',
      ({ id }, res) =>
        sse(res, line(id, STATUS) + line(id, { task: { ...TASK, metadata: { x: 'x'.repeat(1e6) } } })),
      1,
    ],
    [
      'a line without end',
      (_, res) => {
        sse(res, 'data: ', false)
        const timer = setInterval(() => res.write('x'.repeat(10_000)), 1)
        res.on('close', () => clearInterval(timer))
      },
      0,
    ],
    [
      'many lines without an event',
      (_, res) => {
        sse(res, '', false)
        const timer = setInterval(() => res.write('data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n'.repeat(100)), 1)
        res.on('close', () => clearInterval(timer))
      },
      0,
    ],
    ['a page', (_, res) => json(res, '<h1>hi</h1>', 200, 'text/html'), 0],
    [
      'a result in the place of a stream',
      ({ id }, res) => json(res, { jsonrpc: '2.0', id, result: STATUS }),
      0,
    ],
    ['nothing', (_, res) => void res.writeHead(204).end(), 0],
    [
      'an encoded stream',
      (_, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }).end('x')
      },
      0,
    ],
  ])('says so: %s', async (_, answer, before) => {
    const { code, events, state } = await read(answer, { eventBytes: 100_000 })
    expect(code).toBe('upstream_invalid')
    expect(events).toHaveLength(before)
    expect(state).toBe('failing')
  })

  it.each<[string, Answer]>([
    [
      'closes in the middle of an event',
      ({ id }, res) => {
        sse(res, `${line(id, STATUS)}data: {"jsonrpc"`, false)
        setTimeout(() => res.socket!.destroy(), 20)
      },
    ],
    [
      'closes between two events',
      ({ id }, res) => {
        sse(res, line(id, STATUS), false)
        setTimeout(() => res.socket!.destroy(), 20)
      },
    ],
  ])('knows that it broke off: %s', async (_, answer) => {
    const { code, events, asked } = await read(answer)
    expect(code).toBe('upstream_unavailable')
    expect(events).toEqual([STATUS])
    expect(asked).toHaveLength(1)
  })

  it('gives up on one that does not begin, and on one that falls silent', async () => {
    const soon = { headers: {}, timeoutMs: 200 }
    expect((await read(() => {}, {}, soon)).code).toBe('upstream_timeout')
    const silent: Answer = ({ id }, res) => void events(res, id)(STATUS)
    const { code, events: heard } = await read(silent, { streamIdleMs: 200 })
    expect([code, heard]).toEqual(['upstream_timeout', [STATUS]])
  })
})

it('a comment is a sign of life: a stream may have nothing to say for longer than it may be silent', async () => {
  const { code, events } = await read(
    ({ id }, res) => {
      sse(res, line(id, STATUS), false)
      const timer = setInterval(() => res.write(': still here\n\n'), 100)
      setTimeout(() => {
        clearInterval(timer)
        res.end(line(id, { task: TASK }))
      }, 1200)
    },
    { streamIdleMs: 400 },
  )
  expect(code).toBe('fine')
  expect(events).toEqual([STATUS, { task: TASK }])
})

it('reads events however they are cut, with any line ends, ids and names', async () => {
  const { code, events } = await read(async ({ id }, res) => {
    const text = `\ufeff: hello\r\n\r\nid: 1\r\nevent: message\r\n${line(id, STATUS).replaceAll('\n', '\r\n')}retry: 10\n\n${line(id, { task: { ...TASK, metadata: { word: 'Grüße 👋' } } })}`
    sse(res, '', false)
    for (const byte of Buffer.from(text)) {
      res.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    res.end()
  })
  expect(code).toBe('fine')
  expect(events).toEqual([STATUS, { task: { ...TASK, metadata: { word: 'Grüße 👋' } } }])
})

it('an error within the stream is the agent’s own, and its end', async () => {
  const error = { code: -32001, message: 'Task not found' }
  const { code, events, state } = await read(({ id }, res) =>
    sse(
      res,
      `${line(id, STATUS)}data: ${JSON.stringify({ jsonrpc: '2.0', id, error })}\n\n${line(id, STATUS)}`,
      false,
    ),
  )
  expect([code, events, state]).toEqual(['task_not_found', [STATUS], 'ready'])
})

it('reads no further than its receiver can follow', async () => {
  let written = 0
  await using agent = await linkToRaw(({ id }, res) => {
    const send = events(res, id)
    const more = () => {
      while (
        written < 100_000 &&
        send({ ...STATUS, statusUpdate: { ...WORKING, metadata: { n: written++ } } })
      );
      if (written < 100_000) res.once('drain', more)
      else res.end()
    }
    more()
  })
  const stream = gather(agent.link, 'SendStreamingMessage', sending('go'), {
    onEvent: (event, opened) => {
      if (event.statusUpdate.metadata.n === 0) opened.pause()
    },
  })
  await expect.poll(() => stream.events.length).toBeGreaterThan(0)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(stream.events.length).toBeLessThan(2000)
  expect(written).toBeLessThan(100_000)
  stream.stream.resume()
  const all = await stream.over
  expect(all.map((event) => event.statusUpdate.metadata.n)).toEqual(
    Array.from({ length: 100_000 }, (_, n) => n),
  )
})

it('tells the agent that nobody listens any more, and the receiver nothing', async () => {
  await using agent = await linkToRaw(({ id }, res) => {
    const send = events(res, id)
    const timer = setInterval(() => send(STATUS), 5)
    res.on('close', () => clearInterval(timer))
  })
  const stream = gather(agent.link, 'SendStreamingMessage', sending('go'), {
    onEvent: (_, opened) => opened.cancel(),
  })
  await expect.poll(() => stream.events.length).toBe(1)
  await expect.poll(() => agent.open.size).toBe(0)
  expect(stream.events).toHaveLength(1)

  const abort = new AbortController()
  const exchange = { ...OPTIONS, signal: abort.signal }
  const other = gather(agent.link, 'SendStreamingMessage', sending('go'), { exchange })
  await expect.poll(() => other.events.length).toBeGreaterThan(0)
  abort.abort(new Error('gone'))
  expect(await codeOf(other.over)).toBe('gone')
  await expect.poll(() => agent.open.size).toBe(0)
})

it('streams never keep calls waiting, and have a bound of their own', async () => {
  await using agent = await linkToRaw(
    ({ id, text }, res) => {
      if (text.includes('SendStreamingMessage')) events(res, id)(STATUS)
      else json(res, { jsonrpc: '2.0', id, result: TASK })
    },
    { limits: { streams: 100 } },
  )
  // More than the outlet for calls has connections.
  const streams = Array.from({ length: 100 }, () => gather(agent.link, 'SendStreamingMessage', sending('go')))
  await expect.poll(() => streams.every(({ events: heard }) => heard.length === 1)).toBe(true)
  expect(await codeOf(gather(agent.link, 'SendStreamingMessage', sending('go')).over)).toBe('unavailable')
  expect(await agent.link.call('GetTask', { id: 't1' }, OPTIONS)).toMatchObject({ id: 't1' })
  for (const { stream } of streams) stream.cancel()
  await expect.poll(() => agent.open.size).toBe(0)
})
