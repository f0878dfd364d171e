import { once } from 'node:events'
import { createServer, request as send, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Recorded {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Of the answer. */
  readonly status: number
}

/** Stands before a server, and writes down what goes over the wire to it. */
export interface RecordingProxy extends Disposable {
  readonly port: number
  readonly seen: Recorded[]
  /** Where requests go from now on. */
  forwardTo(url: string): void
}

export async function startRecordingProxy(): Promise<RecordingProxy> {
  const seen: Recorded[] = []
  let target: string | undefined
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const body = Buffer.concat(chunks)
      const { method, headers } = incoming
      if (target === undefined) return outgoing.writeHead(503).end()
      const onward = send(target, { method: method!, headers }, (answer) => {
        seen.push({ headers, body: body.toString(), status: answer.statusCode! })
        outgoing.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(outgoing)
      })
      onward.on('error', () => outgoing.writeHead(502).end())
      outgoing.on('close', () => onward.destroy())
      onward.end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    forwardTo: (url) => void (target = url),
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}
