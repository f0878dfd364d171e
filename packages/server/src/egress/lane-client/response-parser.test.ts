import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ResponseParser } from './response-parser.ts'

interface Heard {
  status?: number
  type?: string | undefined
  length?: number
  body: string
  isOver: boolean
  keepsAlive: boolean
}

/** Reads one response that comes in pieces; the server closes the connection after them when `closes`. */
function read(pieces: readonly Buffer[], closes = false): Heard & { isClean: boolean } {
  const parser = new ResponseParser(16_384)
  const heard: Heard = { body: '', isOver: false, keepsAlive: false }
  parser.begin({
    onHead(head) {
      heard.status = head.status
      heard.type = head.contentType
      heard.length = head.contentLength
    },
    onData: (chunk) => void (heard.body += chunk.toString('latin1')),
    onEnd: () => (heard.isOver = true),
  })
  let isClean = true
  for (const piece of pieces) isClean = parser.push(piece) && isClean
  if (closes && !heard.isOver) parser.close()
  heard.keepsAlive = parser.keepsAlive
  return { ...heard, isClean }
}

const LEGAL: readonly [string, string, Partial<Heard>, closes?: boolean][] = [
  [
    'a length',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: a/b\r\n\r\nhello',
    { status: 200, type: 'a/b', length: 5, body: 'hello', keepsAlive: true },
  ],
  ['no body', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, body: '', keepsAlive: true }],
  ['an empty body', 'HTTP/1.1 202\r\ncontent-length:0\r\n\r\n', { status: 202, body: '', keepsAlive: true }],
  [
    'chunks',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n5;a=b\r\nhello\r\n0A \r\n, world!\r\n\r\n0\r\nx-t: 1\r\n\r\n',
    { body: 'hello, world!\r\n', keepsAlive: true },
  ],
  [
    'interim responses',
    'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi',
    { status: 200, body: 'hi' },
  ],
  ['its own end', 'HTTP/1.1 200 OK\r\n\r\nuntil the end', { body: 'until the end', keepsAlive: false }, true],
  [
    'the wish to close',
    'HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 1\r\n\r\n1',
    { body: '1', keepsAlive: false },
  ],
  [
    'no body, whatever its head says',
    'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n',
    { status: 304, length: 0, body: '', keepsAlive: true },
  ],
  [
    'no body, where its head promises one',
    'HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n',
    { status: 204, length: 0, body: '', keepsAlive: false },
  ],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n1', { body: '1', keepsAlive: false }],
]

describe('a response', () => {
  it.each(LEGAL)('with %s is read the same wherever it is cut', (_, text, expected, closes) => {
    const bytes = Buffer.from(text, 'latin1')
    for (let cut = 0; cut <= bytes.length; cut++) {
      const heard = read([bytes.subarray(0, cut), bytes.subarray(cut)], closes)
      expect(heard).toMatchObject({ ...expected, isOver: true, isClean: true })
    }
    expect(
      read(
        [...bytes].map((byte) => Buffer.from([byte])),
        closes,
      ),
    ).toMatchObject({ ...expected, isOver: true })
  })

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a changed protocol', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\ncontent-length : 5\r\n\r\nhello'],
    ['a bare line feed', 'HTTP/1.1 200 OK\na: b\r\n\r\n'],
    ['a bare carriage return', 'HTTP/1.1 200 OK\r\na: b\rcontent-length: 5\r\n\r\nhello'],
    ['a NUL', 'HTTP/1.1 200 OK\r\na: b\0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\nhello'],
    ['a list of lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\n\r\nhello'],
    ['a length and a strange space', 'HTTP/1.1 200 OK\r\ncontent-length: 5\xa0\r\n\r\nhello'],
    ['a signed length', 'HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello'],
    [
      'length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['another coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    [
      'two codings',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a chunk without size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'],
    ['a chunk that is longer', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nhello\r\n'],
    ['a size of many digits', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'0'.repeat(300)}1\r\n`],
    ['a chunk line with a bare line feed', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\nh\r\n'],
    [
      'an endless trailer',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(2000)}`,
    ],
    [
      'endless chunk extensions',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${`1;${'x'.repeat(200)}\r\na\r\n`.repeat(100)}`,
    ],
    [
      'a trailer that is none',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nGET / HTTP/1.1\r\n',
    ],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['an endless head', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(5000)}`],
    ['too many headers', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(129)}\r\n`],
    ['endless interim responses', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(9)],
  ])('with %s is refused', (_, text) => {
    const unusable = expect.objectContaining({ code: 'upstream_invalid' })
    expect(() => read([Buffer.from(text, 'latin1')])).toThrow(unusable)
    expect(() => read([...Buffer.from(text, 'latin1')].map((byte) => Buffer.from([byte])))).toThrow(unusable)
  })

  it.each([
    ['of a known length', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell'],
    ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['without its head', 'HTTP/1.1 200 OK\r\nconte'],
  ])('%s that breaks off is an error, not an answer', (_, text) => {
    expect(() => read([Buffer.from(text)], true)).toThrow(
      expect.objectContaining({ code: 'upstream_unavailable' }),
    )
  })

  it('keeps what comes after it out of the next', () => {
    const heard = read([Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n')])
    expect(heard).toMatchObject({ body: 'hi', isOver: true, isClean: false })
  })

  it('names every encoding it has, so that one cannot hide another', () => {
    const encodings: (string | undefined)[] = []
    const parser = new ResponseParser(16_384)
    parser.begin({ onHead: (head) => encodings.push(head.contentEncoding), onData() {}, onEnd() {} })
    parser.push(
      Buffer.from('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-encoding: identity\r\n\r\n'),
    )
    expect(encodings).toEqual(['gzip, identity'])
  })

  it('that is legal is read the same, however often it is cut', () => {
    const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
    const chunk = body
      .filter((text) => text !== '')
      .map((text) => `${text.length.toString(16)}\r\n${text}\r\n`)
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: a/b\r\n'
    const answer = fc.oneof(
      body.map((text) => `${head}content-length: ${text.length}\r\n\r\n${text}`),
      fc
        .array(chunk, { maxLength: 8 })
        .map((all) => `${head}transfer-encoding: chunked\r\n\r\n${all.join('')}0\r\n\r\n`),
      body.map((text) => `${head}\r\n${text}`),
    )
    fc.assert(
      fc.property(answer, fc.array(fc.nat(2000), { maxLength: 12 }), (text, at) => {
        const bytes = Buffer.from(text, 'latin1')
        const cuts = [0, ...at.map((one) => one % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
        const pieces = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end))
        expect(read(pieces, true)).toEqual(read([bytes], true))
        expect(read(pieces, true)).toMatchObject({ status: 200, type: 'a/b', isOver: true, isClean: true })
      }),
      { numRuns: 2000 },
    )
  })

  it('of any bytes is read or refused, nothing else', () => {
    const start = fc.constantFrom(
      '',
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
    )
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom('\r\n', '0\r\n', ': ', 'a\r\n\r\n').map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(start, fc.array(piece, { maxLength: 12 }), (head, pieces) => {
        try {
          read([Buffer.from(head), ...pieces.map((one) => Buffer.from(one))], true)
        } catch (error) {
          expect(['upstream_invalid', 'upstream_unavailable']).toContain((error as { code?: string }).code)
        }
      }),
      { numRuns: 3000 },
    )
  })
})

describe('what a push holds', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'

  function hear(text: string): { parts: string[]; error: unknown } {
    const parser = new ResponseParser(16_384)
    const parts: string[] = []
    parser.begin({
      onHead: () => void parts.push('head'),
      onData: (chunk) => void parts.push(chunk.toString('latin1')),
      onEnd: () => void parts.push('end'),
    })
    try {
      parser.push(Buffer.from(text))
      return { parts, error: undefined }
    } catch (error) {
      return { parts, error }
    }
  }

  it('is handed on as one part, however many chunks it came in', () => {
    const { parts, error } = hear(`${HEAD}${'1\r\nx\r\n'.repeat(500)}0\r\n\r\n`)
    expect(error).toBeUndefined()
    expect(parts).toEqual(['head', 'x'.repeat(500), 'end'])
  })

  it('is handed on up to the chunk that cannot be read', () => {
    const { parts, error } = hear(`${HEAD}1\r\nx\r\n1\r\ny\r\n1\r\nz!\r\n`)
    expect(error).toMatchObject({ code: 'upstream_invalid' })
    expect(parts).toEqual(['head', 'xyz'])
  })
})
