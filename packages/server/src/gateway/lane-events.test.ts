import { describe, expect, it } from 'vitest'
import { scanEnvelope } from '../lib/strict-json/index.ts'
import { SseParser } from '../lib/sse.ts'
import type { Call } from './call.ts'
import type { Answer } from './lane-answer.ts'
import { LaneEvents } from './lane-events.ts'

const CALL = {
  envelope: scanEnvelope(
    Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"progressToken":"p1"}}}'),
  ),
} as unknown as Call

const progress = (token: unknown, value = 1) =>
  JSON.stringify({
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progressToken: token, progress: value },
  })
const RESPONSE = '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}'

/** What the client gets of a stream that comes in these pieces, and what was reported. */
function run(pieces: readonly Buffer[], rewrite?: string) {
  const reports: string[] = []
  const readAnswer = (body: Buffer): Answer => ({ json: rewrite ?? body, status: 200, result: 'ok' })
  const events = new LaneEvents(CALL, { readAnswer, report: (kind) => void reports.push(kind) })
  let text = ''
  let isAnswered = false
  for (const piece of pieces) {
    const { passed, answer } = events.push(piece)
    for (const part of passed) text += part.toString()
    if (answer) {
      isAnswered = true
      break
    }
  }
  return { text, isAnswered, reports }
}

const heard = (text: string) => new SseParser(10_000).push(Buffer.from(text)).map(({ data }) => data)

describe('the events of a call', () => {
  const plain = `data: ${progress('p1')}\n\nevent: message\ndata: ${progress('p1', 2)}\n\ndata: ${RESPONSE}\n\n`

  it('go on as the bytes they are, wherever the stream is cut', () => {
    const bytes = Buffer.from(plain)
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(run([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual({
        text: plain,
        isAnswered: true,
        reports: [],
      })
    }
    expect(run([...bytes].map((byte) => Buffer.from([byte]))).text).toBe(plain)
  })

  it.each([
    ['carriage returns', plain.replaceAll('\n', '\r\n')],
    ['carriage returns alone', `${plain.replaceAll('\n', '\r')}\n`],
    ['ids, retry times and comments', plain.replaceAll('data:', 'id: 7\nretry: 10\n: a comment\ndata:')],
    ['data on several lines', plain.replaceAll('{"jsonrpc"', '{\ndata: "jsonrpc"')],
    ['no space after the colon', plain.replaceAll('data: ', 'data:')],
    ['a byte order mark', `\ufeff${plain}`],
  ])('are the same to the client with %s, wherever the stream is cut', (_, text) => {
    const bytes = Buffer.from(text)
    const expected = heard(plain).map((data) => JSON.parse(data) as unknown)
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { text: got, isAnswered } = run([bytes.subarray(0, cut), bytes.subarray(cut)])
      expect(isAnswered).toBe(true)
      expect(heard(got).map((data) => JSON.parse(data) as unknown)).toEqual(expected)
    }
  })

  it('leave out what does not belong to the call, and say so', () => {
    const strangers = [
      progress('p2'),
      progress(undefined),
      '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
      '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"unasked"}}',
      '{"jsonrpc":"2.0","id":5,"method":"elicitation/create","params":{}}',
      '{"jsonrpc":"2.0","method":7}',
      '{"jsonrpc":"2.0","method":"notifications/progress","result":{},"params":{"progressToken":"p1"}}',
    ]
    const stream = [progress('p1'), ...strangers, progress('p1', 2), RESPONSE]
    const { text, reports } = run([Buffer.from(stream.map((data) => `data: ${data}\n\n`).join(''))])
    expect(heard(text)).toEqual([progress('p1'), progress('p1', 2), RESPONSE])
    expect(reports).toEqual(
      strangers.map((one) => `unexpected-${one.includes('"id"') ? 'request' : 'notification'}`),
    )
  })

  it('leave out other kinds of events and everything after the response', () => {
    const stream = `event: ping\ndata: x\n\n: keep-alive\n\ndata: ${RESPONSE}\n\ndata: ${progress('p1')}\n\n`
    expect(heard(run([Buffer.from(stream)]).text)).toEqual([RESPONSE])
  })

  it('carry a response that was written again in place of the one that came', () => {
    const { text, isAnswered } = run([Buffer.from(plain)], '{"other":1}')
    expect(heard(text)).toEqual([progress('p1'), progress('p1', 2), '{"other":1}'])
    expect(isAnswered).toBe(true)
  })

  it.each([
    ['no JSON', 'data: {"a"\n\n'],
    ['a key twice', 'data: {"jsonrpc":"2.0","method":"a","method":"b"}\n\n'],
    ['an event without end', `data: ${'x'.repeat(11 * 1024 * 1024)}`],
  ])('are refused when they are %s', (_, text) => {
    expect(() => run([Buffer.from(text)])).toThrow(expect.objectContaining({ code: 'upstream_invalid' }))
  })
})
