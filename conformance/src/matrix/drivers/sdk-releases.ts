import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type * as types from '@modelcontextprotocol/sdk/types.js'
import type { Revision } from '@parley/contract'

/** The newest release of SDK 1.x that speaks each revision, by the name it is installed under. */
export const sdkReleases = {
  '@modelcontextprotocol/sdk': { title: 'SDK 1.32', revision: '2025-11-25' },
  'sdk-2025-06-18': { title: 'SDK 1.20', revision: '2025-06-18' },
  'sdk-2025-03-26': { title: 'SDK 1.12', revision: '2025-03-26' },
  'sdk-2024-11-05': { title: 'SDK 1.9', revision: '2024-11-05' },
} as const satisfies Record<string, { title: string; revision: Revision }>

export type SdkRelease = keyof typeof sdkReleases

export function isSdkRelease(name: string): name is SdkRelease {
  return Object.hasOwn(sdkReleases, name)
}

export interface ServerTransport extends Transport {
  sessionId: string
  handlePostMessage?: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  handleRequest?: (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

/** What the matrix uses of a release. The releases declare the same shapes; the types are those of the newest. */
export interface OldSdk {
  Client: typeof Client
  Server: typeof Server
  types: Omit<typeof types, 'ElicitRequestSchema'> & Partial<Pick<typeof types, 'ElicitRequestSchema'>>
  SSEClientTransport: new (url: URL, options: object) => Transport
  StreamableHTTPClientTransport?: new (
    url: URL,
    options: object,
  ) => Transport & { terminateSession?: () => Promise<void> }
  SSEServerTransport: new (endpoint: string, response: ServerResponse) => ServerTransport
  StdioServerTransport: new () => Transport
  StreamableHTTPServerTransport?: new (options: {
    sessionIdGenerator: () => string
    onsessioninitialized: (id: string) => void
  }) => ServerTransport
}

export async function loadSdk(release: SdkRelease): Promise<OldSdk> {
  const part = (path: string): Promise<object> => import(`${release}/${path}.js`)
  // Streamable HTTP came with 2025-03-26.
  const streamable =
    sdkReleases[release].revision === '2024-11-05'
      ? []
      : [part('client/streamableHttp'), part('server/streamableHttp')]
  const parts = await Promise.all([
    part('client/index'),
    part('client/sse'),
    part('server/index'),
    part('server/sse'),
    part('server/stdio'),
    ...streamable,
  ])
  return { ...Object.assign({}, ...parts), types: await part('types') } as OldSdk
}
