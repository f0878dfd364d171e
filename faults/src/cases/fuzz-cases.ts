import fc from 'fast-check'
import type { Json } from '../evil/evil-state.ts'

/** One fuzzed request, as data that can be printed and sent again. */
export interface FuzzCase {
  readonly face: 'modern' | 'legacy' | 'api' | 'raw'
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

const METHODS = [
  'tools/call',
  'tools/list',
  'resources/read',
  'resources/list',
  'resources/templates/list',
  'prompts/get',
  'prompts/list',
  'completion/complete',
  'server/discover',
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'notifications/cancelled',
  'notifications/initialized',
  'notifications/progress',
  'notifications/roots/list_changed',
  'sampling/createMessage',
  'tasks/get',
]
const MCP_PATHS = [
  '/mcp',
  '/mcp/servers/modern',
  '/mcp/servers/legacy',
  '/mcp/servers/good',
  '/mcp/servers/nobody',
  '/mcp/',
  '/mcp/servers/',
  '/mcp/servers/modern/',
]
const API_PATHS = [
  '/api/status',
  '/api/servers',
  '/api/servers/modern',
  '/api/servers/nobody',
  '/api/servers/modern/review',
  '/api/servers/nobody/refresh',
  '/api/servers/nobody/test',
  '/api/activity',
  '/api/openapi.json',
  '/api/nowhere',
  '/api',
  '/api/',
]

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    'echo',
    'count',
    'header_tool',
    'modern__echo',
    'good__count',
    'greet',
    'evil://readme',
    'evil://items/1',
    '__proto__',
    'constructor',
    '../x',
    '\u0000',
    '\ud800',
    '\u202e',
    '%00',
    '',
    'a'.repeat(300),
  ),
)
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  text,
  fc.constantFrom<unknown>(null, 0, -0, 1e308, 2 ** 53, -1, true, [], {}, [[]], { x: {} }),
)
const id = fc.oneof(
  fc.integer(),
  fc.string({ maxLength: 8 }),
  fc.constantFrom<unknown>(null, 1.5, true, {}, [], -0, 2 ** 60, 'x'.repeat(500)),
)

const meta = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constant<unknown>({
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'fuzz', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        'io.modelcontextprotocol/protocolVersion': value,
        'io.modelcontextprotocol/clientInfo': value,
        'io.modelcontextprotocol/clientCapabilities': value,
        progressToken: value,
        traceparent: text,
      },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: value },
)
const params = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        name: text,
        uri: text,
        arguments: value,
        cursor: text,
        requestState: text,
        inputResponses: value,
        ref: value,
        argument: value,
        level: text,
        notifications: value,
        _meta: meta,
      },
      { requiredKeys: ['_meta'] },
    ),
  },
  { weight: 1, arbitrary: value },
)
const message = fc.record(
  {
    jsonrpc: fc.constantFrom<unknown>('2.0', '2.0', '2.0', '2.0', '1.0', 2, null),
    id,
    method: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...METHODS) }, { weight: 1, arbitrary: text }),
    params,
  },
  { requiredKeys: ['method'] },
)

/** Breaks the bytes of a body at one place, most of the time not at all. */
const damage = fc.oneof(
  { weight: 6, arbitrary: fc.constant((body: string) => body) },
  { weight: 1, arbitrary: fc.nat(2000).map((at) => (body: string) => body.slice(0, at % (body.length + 1))) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(2000), fc.string({ minLength: 1, maxLength: 3 })).map(
      ([at, junk]) =>
        (body: string) =>
          body.slice(0, at % (body.length + 1)) + junk + body.slice(at % (body.length + 1)),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .nat(2000)
      .map(
        (at) => (body: string) =>
          body.slice(0, at % (body.length + 1)) + body.slice((at % (body.length + 1)) + 1),
      ),
  },
  { weight: 1, arbitrary: fc.constant((body: string) => `[${body},${body}]`) },
  { weight: 1, arbitrary: fc.constant((body: string) => body + body) },
)

const headerText = fc
  .oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom(
      '2026-07-28',
      '2025-11-25',
      'tools/call',
      '=?base64?AAAA?=',
      '*/*',
      'text/event-stream',
      'application/json',
      '',
    ),
  )
  .map((raw) => raw.replace(/[^\x20-\x7e]/g, '').trim())
const headerName = fc.constantFrom(
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
  'mcp-param-region',
  'accept',
  'content-type',
  'last-event-id',
  'x-anything',
  'traceparent',
  'origin',
)
const moreHeaders = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(fc.tuple(headerName, headerText), { maxLength: 3 }) },
)

const mcpCase = fc
  .record({
    face: fc.constantFrom('modern' as const, 'legacy' as const),
    method: fc.oneof(
      { weight: 20, arbitrary: fc.constant('POST') },
      { weight: 1, arbitrary: fc.constantFrom('DELETE', 'PUT', 'OPTIONS', 'HEAD') },
    ),
    path: fc.constantFrom(...MCP_PATHS),
    headers: moreHeaders,
    message,
    damage,
  })
  .map(({ message: made, damage: hurt, ...rest }): FuzzCase => ({
    ...rest,
    headers: [...mirrored(rest.face, made as Json), ...rest.headers],
    body: hurt(stringify(made)),
  }))

/** Most modern messages carry fitting headers, or every one of them would end at the header check. */
function mirrored(face: string, made: Json): [string, string][] {
  if (face !== 'modern') return []
  const given = made['params'] as Json | null
  const name = typeof given === 'object' && given !== null ? (given['name'] ?? given['uri']) : undefined
  const headers: [string, string][] = [
    ['mcp-protocol-version', '2026-07-28'],
    ['mcp-method', printable(made['method'])],
  ]
  return typeof name === 'string'
    ? [...headers, ['mcp-name', `=?base64?${Buffer.from(name).toString('base64')}?=`]]
    : headers
}

function printable(raw: unknown): string {
  return String(raw).replace(/[^\x21-\x7e]/g, '')
}

function stringify(made: unknown): string {
  return JSON.stringify(made, (_, item: unknown) => (item === undefined ? null : item)) ?? 'null'
}

const serverBody = fc.oneof(
  fc.record(
    {
      name: text,
      url: fc.oneof(text, fc.constantFrom('file:///x', 'http://', 'nonsense', 'http://169.254.169.254/')),
      pending: value,
      command: value,
      approve: value,
    },
    { requiredKeys: [] },
  ),
  fc.record({
    approve: fc.array(fc.record({ kind: text, name: text, hash: text }, { requiredKeys: [] }), {
      maxLength: 3,
    }),
  }),
  value,
)
const apiCase = fc
  .record({
    face: fc.constant('api' as const),
    method: fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'PATCH'),
    path: fc
      .tuple(
        fc.constantFrom(...API_PATHS),
        fc.constantFrom(
          '',
          '',
          '',
          '?before=x',
          '?before=-1',
          '?before=1e99',
          '?limit=99999999',
          '?a=%ff',
          '/%00',
          '/%2e%2e',
          '//',
        ),
      )
      .map(([path, tail]) => path + tail),
    headers: moreHeaders,
    body: fc.tuple(serverBody, damage).map(([made, hurt]) => hurt(stringify(made))),
  })
  // What these would do is meant: they must not take the rig's own servers away.
  .filter(({ method, path }) => !(method === 'DELETE' && path.startsWith('/api/servers/')))

const rawText = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 60 }),
  fc.constantFrom(
    'Host: localhost',
    'Content-Length: 5',
    'Content-Length: -1',
    'Transfer-Encoding: chunked',
    'Connection: close',
    'Expect: 100-continue',
    ': x',
    'a',
    '',
    'Upgrade: h2c',
    `X: ${'y'.repeat(3000)}`,
  ),
)
const rawCase = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'DELETE', 'PRI', 'get', 'CONNECT', 'OPTIONS', ''),
    target: fc.oneof(
      fc.constantFrom('/mcp', '/api/status', '/healthz', '*', '/', 'http://x/', '/%', '/\u0000'),
      fc.string({ unit: 'binary-ascii', maxLength: 20 }),
    ),
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.1 ', ''),
    lines: fc.array(rawText, { maxLength: 6 }),
    body: fc.string({ unit: 'binary-ascii', maxLength: 50 }),
    ending: fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r'),
  })
  .map(({ method, target, version, lines, body, ending }): FuzzCase => ({
    face: 'raw',
    method: '',
    path: '',
    headers: [],
    body: `${method} ${target} ${version}${ending}${lines.map((line) => line + ending).join('')}${ending}${body}`,
  }))

/** `count` cases of a seed: two fifths MCP of each era, the rest the management API and raw bytes. */
export function drawFuzzCases(seed: number, count: number): FuzzCase[] {
  const drawn = fc.oneof(
    { weight: 16, arbitrary: mcpCase },
    { weight: 3, arbitrary: apiCase },
    { weight: 1, arbitrary: rawCase },
  )
  return fc.sample(drawn, { seed, numRuns: count })
}
