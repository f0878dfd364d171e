import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { HttpFacts } from './reply.ts'

const bodyLimitBytes = 64 * 1024 * 1024
const answerLimitMs = 8000

export interface HttpRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** The whole answer. @throws Error when it does not come in time. */
export async function exchange(request: HttpRequest): Promise<HttpFacts> {
  const { response, cancel } = await openExchange(request)
  const timer = setTimeout(cancel, answerLimitMs)
  try {
    return { ...factsOf(response), text: await readText(response) }
  } finally {
    clearTimeout(timer)
  }
}

/** The head of the answer; its body is yet to be read. */
export function openExchange(
  request: HttpRequest,
): Promise<{ response: IncomingMessage; cancel: () => void }> {
  const url = new URL(request.url)
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const outgoing = send(url, { method: request.method, headers: request.headers })
    const cancel = () => void outgoing.destroy(new Error(`${request.method} ${request.url} was given up`))
    const timer = setTimeout(cancel, answerLimitMs)
    outgoing.once('response', (response) => {
      clearTimeout(timer)
      // Giving up a stream is no error here.
      response.on('error', () => response.destroy())
      resolve({ response, cancel })
    })
    outgoing.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    outgoing.end(request.body)
  })
}

export function factsOf(response: IncomingMessage): HttpFacts {
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
  return { status: response.statusCode ?? 0, headers, text: '' }
}

export async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bodyLimitBytes) throw new Error(`an answer of more than ${bodyLimitBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
