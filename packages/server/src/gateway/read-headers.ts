/** The headers of an MCP request that anything depends on; values as sent. */
export interface McpHeaders {
  authorization: string | undefined
  version: string | undefined
  method: string | undefined
  name: string | undefined
  sessionId: string | undefined
  lastEventId: string | undefined
  accept: string | undefined
  traceparent: string | undefined
  tracestate: string | undefined
  baggage: string | undefined
  /** `Mcp-Param-*` by lower-case name without the prefix. */
  params: Map<string, string> | undefined
  /** A header of ours that stands twice: which of the two counts is what attackers play with. */
  repeated: string | undefined
}

const PARAM_PREFIX = 'mcp-param-'

/** Picks the headers out of node's flat `rawHeaders` list, noting the first that is repeated. */
export function readHeaders(raw: readonly string[]): McpHeaders {
  const headers: McpHeaders = {
    authorization: undefined,
    version: undefined,
    method: undefined,
    name: undefined,
    sessionId: undefined,
    lastEventId: undefined,
    accept: undefined,
    traceparent: undefined,
    tracestate: undefined,
    baggage: undefined,
    params: undefined,
    repeated: undefined,
  }
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    const value = raw[at + 1]!
    const field = FIELD_OF[name]
    if (field !== undefined) {
      if (headers[field] !== undefined && field !== 'accept') headers.repeated ??= name
      headers[field] =
        field === 'accept' && headers.accept !== undefined ? `${headers.accept}, ${value}` : value
    } else if (name.startsWith(PARAM_PREFIX)) {
      headers.params ??= new Map()
      const param = name.slice(PARAM_PREFIX.length)
      if (headers.params.has(param)) headers.repeated ??= name
      headers.params.set(param, value)
    }
  }
  return headers
}

type StringField = Exclude<keyof McpHeaders, 'params' | 'repeated'>

const FIELD_OF: Readonly<Record<string, StringField>> = Object.assign(Object.create(null), {
  authorization: 'authorization',
  'mcp-protocol-version': 'version',
  'mcp-method': 'method',
  'mcp-name': 'name',
  'mcp-session-id': 'sessionId',
  'last-event-id': 'lastEventId',
  accept: 'accept',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  baggage: 'baggage',
} satisfies Record<string, StringField>)
