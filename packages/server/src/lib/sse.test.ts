import { describe, expect, test } from 'vitest'
import { SseParser, SseTooLargeError, encodeEvent } from './sse.ts'

function parse(...chunks: string[]) {
  const parser = new SseParser(1000)
  return chunks.flatMap((chunk) => parser.push(Buffer.from(chunk)))
}

describe('SseParser', () => {
  test.each([
    ['line feeds', 'data: a\n\ndata: b\n\n'],
    ['carriage returns', 'data: a\r\rdata: b\r\r'],
    ['both', 'data: a\r\n\r\ndata: b\r\n\r\n'],
  ])('reads events ended by %s, however they are cut', (_name, text) => {
    for (let cut = 0; cut <= text.length; cut++) {
      expect(parse(text.slice(0, cut), text.slice(cut)).map((event) => event.data)).toEqual(['a', 'b'])
    }
  })

  test('joins data lines, keeps id, event and retry, ignores comments and unfinished events', () => {
    expect(parse(':hi\nevent: m\nid: 7\nretry: 50\ndata: a\ndata:b\n\ndata: lost')).toEqual([
      { event: 'm', id: '7', retryMs: 50, data: 'a\nb' },
    ])
  })

  test('returns a priming event that has an id and no data', () => {
    expect(parse('id: 1\ndata:\n\n')).toEqual([{ event: undefined, id: '1', retryMs: undefined, data: '' }])
  })

  test('an event beyond the limit is refused, in one line or many', () => {
    expect(() => parse(`data: ${'x'.repeat(2000)}`)).toThrow(SseTooLargeError)
    expect(() => parse('data: xxxxxxxxxx\n'.repeat(200))).toThrow(SseTooLargeError)
  })

  test('reads back what encodeEvent writes', () => {
    expect(parse(encodeEvent('{"a":1}'))[0]!.data).toBe('{"a":1}')
  })
})
