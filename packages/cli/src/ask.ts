import { readResponse, type RpcResponse } from './read-response.ts'

/** What a server answered, or why there was no answer. */
export type Reply =
  | { readonly kind: 'none'; readonly code: string; readonly message: string }
  | {
      readonly kind: 'http'
      readonly status: number
      readonly headers: Headers
      readonly contentType: string
      readonly text: string
      readonly rpc: RpcResponse | undefined
    }

const LIMIT_MS = 10_000
const LIMIT_BYTES = 1024 * 1024

/** Sends one request; follows no redirect and reads at most 1 MiB within 10 s. Never throws. */
export async function ask(url: URL, init: RequestInit): Promise<Reply> {
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(LIMIT_MS) })
    const contentType = response.headers.get('content-type') ?? ''
    const text = await readText(response, contentType)
    const { status, headers } = response
    return { kind: 'http', status, headers, contentType, text, rpc: readResponse(text, contentType) }
  } catch (error) {
    const cause = (error as { cause?: { code?: string; message?: string } }).cause
    const timedOut = (error as Error).name === 'TimeoutError'
    return {
      kind: 'none',
      code: timedOut ? 'TIMEOUT' : (cause?.code ?? 'UNKNOWN'),
      message: timedOut
        ? `no answer within ${LIMIT_MS / 1000} s`
        : (cause?.message ?? (error as Error).message),
    }
  }
}

/** The body; of an event stream only until the first event that settles the question, since it may never end. */
async function readText(response: Response, contentType: string): Promise<string> {
  if (!response.body) return ''
  const isStream = contentType.startsWith('text/event-stream')
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    text += decoder.decode(chunk, { stream: true })
    if (bytes > LIMIT_BYTES) break
    if (isStream && (readResponse(text, contentType) || /^event: ?endpoint\r?\n/m.test(text))) break
  }
  return text
}
