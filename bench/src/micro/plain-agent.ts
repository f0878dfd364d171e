/**
 * An agent over JSON-RPC that does nothing: it answers with a message, and streams as many events as the text of the
 * message says. Prints its port when ready.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const CONTEXT = '0b7c1f8e-8f2b-4a94-9d1c-0e6f3b9f1f01'
const TASK = '0b7c1f8e-8f2b-4a94-9d1c-0e6f3b9f1f00'
const EVENTS_PER_WRITE = 64

const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => answer(Buffer.concat(chunks).toString('utf8'), response))
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))

function answer(text: string, response: ServerResponse): void {
  const { id, method, params } = JSON.parse(text)
  const said = params.message.parts[0].text as string
  if (method === 'SendStreamingMessage') return stream(id, Number(said), response)
  const message = { messageId: 'answer', contextId: CONTEXT, role: 'ROLE_AGENT', parts: [{ text: said }] }
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { message } }))
}

function stream(id: number, count: number, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  let sent = 0
  const more = (): void => {
    while (sent < count) {
      let text = ''
      for (let left = EVENTS_PER_WRITE; left > 0 && sent < count; left--) text += eventOf(id, sent++)
      if (!response.write(text)) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}

function eventOf(id: number, at: number): string {
  const artifact = {
    artifactId: 'result',
    name: 'Result',
    parts: [{ text: `chunk number ${at} of the text` }],
  }
  const artifactUpdate = { taskId: TASK, contextId: CONTEXT, artifact, append: at > 0 }
  return `data: ${JSON.stringify({ jsonrpc: '2.0', id, result: { artifactUpdate } })}\n\n`
}
