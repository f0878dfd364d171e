import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Json = Record<string, any>

/** What an agent answers one request with; `stream` writes events as it likes. */
export type RawAnswer = { result: Json } | { error: Json } | { stream: (stream: RawStream) => void }

export interface RawStream {
  send(event: Json): void
  end(): void
}

export interface RawAgent extends AsyncDisposable {
  readonly url: string
  /** What it was asked, in order. */
  readonly asked: { readonly method: string; readonly params: Json }[]
  /** A text goes out as it is. */
  card: Json | string
  /** By method; those that are not there are answered with an error. */
  readonly answers: Record<string, (params: Json) => RawAnswer>
}

/** An agent of A2A 1.0 without any library: it says whatever a test has it say. */
export async function startRawAgent(): Promise<RawAgent> {
  const asked: { method: string; params: Json }[] = []
  const answers: RawAgent['answers'] = {}
  const server = createServer((request, response) => {
    if (request.method === 'GET') return sendJson(response, agent.card)
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const { id, method, params } = JSON.parse(text)
      asked.push({ method, params })
      const answer = answers[method]?.(params) ?? { error: { code: -32601, message: 'Not here.' } }
      if (!('stream' in answer)) return sendJson(response, { jsonrpc: '2.0', id, ...answer })
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      answer.stream({
        send: (result) => void response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`),
        end: () => void response.end(),
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const agent: RawAgent = {
    url,
    asked,
    answers,
    card: {
      name: 'Raw agent',
      description: 'Says what it is told to.',
      version: '1.0.0',
      capabilities: { streaming: true },
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
      skills: [{ id: 'work', name: 'Work', description: 'Works.', tags: ['test'] }],
      supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return agent
}

function sendJson(response: ServerResponse, body: unknown): void {
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(typeof body === 'string' ? body : JSON.stringify(body))
}
