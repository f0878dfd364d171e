import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parse } from './wire/json-rpc-client.ts'
import type { JsonObject } from './wire/json.ts'

export interface Notification {
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
}

/** Receives push notifications, each check at a path of its own. */
export interface WebhookListener extends AsyncDisposable {
  readonly url: (path: string) => string
  /** Resolves with what came to the path once it satisfies; with what there is after the limit. */
  wait: (
    path: string,
    satisfies: (seen: readonly Notification[]) => boolean,
    limitMs?: number,
  ) => Promise<readonly Notification[]>
}

const bodyLimitBytes = 1024 * 1024

export async function startWebhookListener(): Promise<WebhookListener> {
  const received = new Map<string, Notification[]>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bodyLimitBytes) chunks.push(chunk)
    })
    request.on('end', () => {
      const path = request.url ?? ''
      const body = parse(Buffer.concat(chunks).toString('utf8')) ?? {}
      received.set(path, [
        ...(received.get(path) ?? []),
        { headers: request.headers as Record<string, string>, body },
      ])
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: (path) => `http://127.0.0.1:${port}/${path}`,
    async wait(path, satisfies, limitMs = 5000) {
      const deadline = Date.now() + limitMs
      for (;;) {
        const seen = received.get(`/${path}`) ?? []
        if (satisfies(seen) || Date.now() > deadline) return seen
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
