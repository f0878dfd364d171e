export interface RpcResponse {
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** The JSON-RPC response in a JSON body or an event stream; undefined when there is none. */
export function readResponse(text: string, contentType: string): RpcResponse | undefined {
  const texts = contentType.startsWith('text/event-stream') ? events(text) : [text]
  for (const one of texts) {
    const message = parse(one)
    if (message && (isObject(message['result']) || isObject(message['error']))) return message as RpcResponse
  }
  return undefined
}

/** The data of each event, lines joined (HTML, Server-sent events). */
function events(text: string): string[] {
  return text.split(/\r?\n\r?\n/).map((event) =>
    event
      .split(/\r?\n/)
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(5))
      .join('\n'),
  )
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    // No JSON is no response; an event without data is one such.
    return undefined
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
