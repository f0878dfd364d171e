import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TEST_HOST } from '../src/lib/fixtures/test-authority.ts'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** An https host on loopback that the test authority vouches for; what it answers is up to the test. */
export interface HttpsHost extends AsyncDisposable {
  readonly host: string
  readonly origin: string
  /** Paths that were asked for. */
  readonly asked: string[]
  /** Headers of the last request. */
  lastHeaders: IncomingMessage['headers']
  /** What a path answers from now on: a document as JSON, or anything. */
  serve(path: string, answer: object | Answer): string
}

export async function openHttpsHost(): Promise<HttpsHost> {
  const answers = new Map<string, object | Answer>()
  const asked: string[] = []
  const server = createServer(TEST_HOST, (request, response) => {
    asked.push(request.url!)
    host.lastHeaders = request.headers
    const answer = answers.get(request.url!)
    if (typeof answer === 'function') return (answer as Answer)(request, response)
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? { error: 'not found' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const name = `localhost:${(server.address() as AddressInfo).port}`
  const host: HttpsHost = {
    host: name,
    origin: `https://${name}`,
    asked,
    lastHeaders: {},
    serve(path, answer) {
      answers.set(path, answer)
      return `https://${name}${path}`
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return host
}
