import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEgress } from '../egress/index.ts'
import { WriteBatch } from '../lib/write-batch.ts'
import { createOAuthHttp, type OAuthHttp } from './oauth-http.ts'

export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export type Reply =
  | {
      readonly status?: number
      readonly json?: unknown
      readonly headers?: Record<string, string>
      readonly text?: string
    }
  | undefined

/** A server on loopback that answers what `answer` says, 404 otherwise, and remembers what it was asked. */
export async function startPeer(answer: (seen: Seen, origin: string) => Reply) {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() }
      seen.push(one)
      const { status = 200, json, text, headers: more = {} } = answer(one, origin) ?? { status: 404 }
      response.writeHead(status, {
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...more,
      })
      response.end(json === undefined ? (text ?? '') : JSON.stringify(json))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    seen,
    urls: () => seen.map(({ url }) => url),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** The room's way out, with loopback named by an administrator unless said otherwise. */
export function testHttp(
  serverUrl: string,
  hosts: readonly string[] = ['127.0.0.1:*'],
): OAuthHttp & AsyncDisposable {
  const egress = createEgress({
    writes: new WriteBatch(),
    limits: {
      upstreamConnectTimeoutMs: 500,
      upstreamTimeoutMs: 1500,
      upstreamResponseBytes: 1_048_576,
      upstreamConnections: 4,
      clientMetadataBytes: 10_240,
      webhookTimeoutMs: 1000,
    },
    ownListeners: () => [],
  })
  return {
    ...createOAuthHttp({ egress, serverUrl, hosts }),
    [Symbol.asyncDispose]: () => egress.close(),
  }
}

/** What an authorization server says of itself at least. */
export function metadataOf(issuer: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    code_challenge_methods_supported: ['S256'],
    ...more,
  }
}
