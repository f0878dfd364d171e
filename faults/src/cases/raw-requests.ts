/** Everything that goes wrong below a request's meaning: raw bytes that two HTTP parsers may read differently (D9). */
export interface RawRequest {
  readonly label: string
  readonly bytes: string
  /** A whole request that is merely not served here: refused, but the connection may live on. */
  readonly mayStayOpen?: boolean
}

export interface RawTarget {
  readonly port: number
  readonly key: string
}

/** A proper call that would be counted upstream; the bait inside every smuggling attempt. */
export function baitRequest(
  { port, key }: RawTarget,
  headers: readonly string[] = [],
  version = 'HTTP/1.1',
): string {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 'bait',
    method: 'tools/call',
    params: {
      name: 'count',
      arguments: {},
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'bait', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  })
  const lines = [
    `POST /mcp/servers/modern ${version}`,
    `Host: localhost:${port}`,
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    'MCP-Protocol-Version: 2026-07-28',
    'Mcp-Method: tools/call',
    'Mcp-Name: count',
  ]
  const framing = headers.some((header) => /^(content-length|transfer-encoding)/i.test(header))
    ? []
    : [`Content-Length: ${body.length}`]
  return `${[...lines, ...framing, ...headers].join('\r\n')}\r\n\r\n${body}`
}

/** Requests that must all be answered 4xx (or 5xx for what is not implemented) and the connection closed. */
export function smugglingCorpus(target: RawTarget): RawRequest[] {
  const bait = baitRequest(target)
  const length = bait.length - bait.indexOf('\r\n\r\n') - 4
  return [...headerFramings(target, bait, length), ...bodyFramings(target, bait.slice(-length), bait)]
}

function bodyFramings(target: RawTarget, body: string, bait: string): RawRequest[] {
  const size = body.length.toString(16)
  const chunked = `${size}\r\n${body}\r\n0\r\n\r\n`
  const both = ['Transfer-Encoding: chunked', `Content-Length: ${body.length}`]
  const framed = (headers: readonly string[], bytes: string): string =>
    baitRequest(target, headers).slice(0, -body.length) + bytes
  const encodings = {
    'Transfer-Encoding and Content-Length': [both, chunked + bait],
    'Content-Length and Transfer-Encoding': [both.toReversed(), chunked + bait],
    'chunked twice': [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], chunked],
    'chunked, identity': [['Transfer-Encoding: chunked, identity'], chunked],
    'Transfer-Encoding with a space before the colon': [['Transfer-Encoding : chunked'], chunked],
    'Transfer-Encoding: xchunked': [['Transfer-Encoding: xchunked'], chunked],
    'Transfer-Encoding: gzip': [['Transfer-Encoding: gzip'], chunked],
    'Transfer-Encoding with a vertical tab': [['Transfer-Encoding: \x0bchunked'], chunked],
    'Transfer-Encoding: identity with a length': [
      ['Transfer-Encoding: identity', `Content-Length: ${body.length}`],
      body,
    ],
  } satisfies Record<string, [readonly string[], string]>
  const chunks = {
    'chunk size in letters': `zz\r\n${body}\r\n0\r\n\r\n`,
    'chunk size with a sign': `+${size}\r\n${body}\r\n0\r\n\r\n`,
    'negative chunk size': `-1\r\n${body}\r\n0\r\n\r\n`,
    'chunk size 0x': `0x${size}\r\n${body}\r\n0\r\n\r\n`,
    'chunk size that overflows': `fffffffffffffffff\r\n${body}\r\n0\r\n\r\n`,
    'chunk longer than its size': `5\r\n${body}\r\n0\r\n\r\n`,
    'chunk extension with a bare LF': `${size};a\nb\r\n${body}\r\n0\r\n\r\n`,
    'chunk size ended by LF alone': `${size}\n${body}\n0\n\n`,
    'no line end after a chunk': `${size}\r\n${body}0\r\n\r\n`,
  }
  return [
    ...Object.entries(encodings).map(([label, [headers, bytes]]) => ({
      label,
      bytes: framed(headers as readonly string[], bytes as string),
    })),
    ...Object.entries(chunks).map(([label, bytes]) => ({
      label,
      bytes: framed(['Transfer-Encoding: chunked'], bytes),
    })),
    { label: 'chunked in HTTP/1.0 with a length', bytes: baitRequest(target, both, 'HTTP/1.0') },
  ]
}

function headerFramings(target: RawTarget, bait: string, length: number): RawRequest[] {
  const { port } = target
  const withHeader = (header: string): string => baitRequest(target, [header])
  const replaced = (from: string | RegExp, to: string): string => bait.replace(from, to)
  const line = `Content-Length: ${length}`
  const lengths = {
    signed: `+${length}`,
    negative: '-1',
    listed: `${length}, ${length}`,
    'of another list': `${length}, 0`,
    hexadecimal: `0x${length.toString(16)}`,
    spaced: `${length} 0`,
    exponential: '1e2',
    huge: '99999999999999999999',
    empty: '',
    'with letters': `${length}abc`,
    fractional: `${length}.0`,
  }
  return [
    ...Object.entries(lengths).map(([label, value]) => ({
      label: `${label} Content-Length`,
      bytes: replaced(line, `Content-Length: ${value}`),
    })),
    { label: 'the same Content-Length twice', bytes: replaced(line, `${line}\r\n${line}`) },
    { label: 'two Content-Lengths', bytes: replaced(line, `${line}\r\nContent-Length: 0`) + bait },
    {
      label: 'Content-Length with a space before the colon',
      bytes: replaced(line, `Content-Length : ${length}`),
    },
    { label: 'Content_Length', bytes: withHeader('Content_Length: 0') },
    { label: 'Transfer_Encoding', bytes: withHeader('Transfer_Encoding: chunked') },
    { label: 'Mcp_Name', bytes: withHeader('Mcp_Name: other') },
    { label: 'a folded header', bytes: withHeader('X-Folded: a\r\n b') },
    { label: 'a folded Mcp-Name', bytes: replaced('Mcp-Name: count', 'Mcp-Name: other\r\n count') },
    { label: 'LF alone everywhere', bytes: bait.replaceAll('\r\n', '\n') },
    {
      label: 'LF alone once',
      bytes: replaced(
        'Accept: application/json, text/event-stream\r\n',
        'Accept: application/json, text/event-stream\n',
      ),
    },
    { label: 'CR alone in a value', bytes: withHeader('X-Bare: a\rb') },
    { label: 'NUL in a value', bytes: withHeader('X-Nul: a\0b') },
    { label: 'a control character in a value', bytes: withHeader('X-Control: a\x01b') },
    { label: 'a header name with a space', bytes: withHeader('X Space: 1') },
    { label: 'a header without a colon', bytes: withHeader('nonsense') },
    { label: 'a header without a name', bytes: withHeader(': value') },
    { label: 'a header name outside ASCII', bytes: withHeader('X-\u00e9: 1') },
    { label: 'a blank before the first header', bytes: replaced('\r\nHost', '\r\n Host') },
    { label: 'two Hosts', bytes: withHeader('Host: evil.test') },
    { label: 'the same Host twice', bytes: withHeader(`Host: localhost:${port}`) },
    { label: 'no Host', bytes: replaced(`Host: localhost:${port}\r\n`, '') },
    { label: 'two Authorizations', bytes: withHeader('Authorization: Bearer other') },
    { label: 'two Content-Types', bytes: withHeader('Content-Type: text/plain') },
    { label: 'two session ids', bytes: withHeader('Mcp-Session-Id: a\r\nMcp-Session-Id: b') },
    ...requestLines(bait),
  ]
}

function requestLines(bait: string): RawRequest[] {
  const line = 'POST /mcp/servers/modern HTTP/1.1'
  const lines = {
    'absolute form': 'POST http://evil.test/mcp/servers/modern HTTP/1.1',
    'authority form': 'CONNECT evil.test:443 HTTP/1.1',
    'asterisk form': 'POST * HTTP/1.1',
    'no slash': 'POST mcp/servers/modern HTTP/1.1',
    'two slashes with an authority': 'POST //evil.test/mcp HTTP/1.1',
    'a space in the target': 'POST /mcp/servers/mo dern HTTP/1.1',
    'a tab in the target': 'POST /mcp/servers/modern\tHTTP/1.1',
    'NUL in the target': 'POST /mcp/servers/modern\0 HTTP/1.1',
    'a raw byte in the target': 'POST /mcp/servers/modern\x80 HTTP/1.1',
    'dot segments': 'POST /api/../mcp/servers/modern HTTP/1.1',
    'encoded dot segments': 'POST /api/%2e%2e/mcp/servers/modern HTTP/1.1',
    'an encoded slash': 'POST /mcp%2fservers%2fmodern HTTP/1.1',
    'a backslash': 'POST /mcp\\servers\\modern HTTP/1.1',
    'a lower-case method': 'post /mcp/servers/modern HTTP/1.1',
    'a method that is none': 'FOO /mcp/servers/modern HTTP/1.1',
    'HTTP/0.9': 'GET /mcp/servers/modern',
    'HTTP/1.2': 'POST /mcp/servers/modern HTTP/1.2',
    'HTTP/2.0': 'POST /mcp/servers/modern HTTP/2.0',
    'a version that is none': 'POST /mcp/servers/modern HTTP/1.1x',
    'a long target': `POST /mcp/servers/${'a'.repeat(20_000)} HTTP/1.1`,
  }
  const whole = new Set([
    'two slashes with an authority',
    'dot segments',
    'encoded dot segments',
    'an encoded slash',
    'a backslash',
    'absolute form',
    'asterisk form',
    'no slash',
  ])
  return Object.entries(lines).map(([label, text]) => ({
    label,
    bytes: bait.replace(line, text),
    mayStayOpen: whole.has(label),
  }))
}
