import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BrowserPerson } from './browser-person.ts'
import { launchChromium } from './browser.ts'
import { listenForCallback } from './callback-listener.ts'
import { startConsentHub, type ConsentHub } from './consent-hub.ts'
import { clientMetadata, SdkProvider, type Registration } from './sdk-provider.ts'

let browser: Browser
let hub: ConsentHub
beforeAll(async () => {
  browser = await launchChromium()
  hub = await startConsentHub(browser)
})
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]()
  await browser?.close()
})

const ALLOWED = ['files__list_directory', 'files__read_file']

interface Connection {
  connect(): Promise<void>
  finish(answer: URL): Promise<void>
  listTools(): Promise<string[]>
  call(name: string): Promise<string>
  close(): Promise<void>
}

/** A client and its transport, which are made anew for each attempt to connect. */
const SDKS: [string, (provider: SdkProvider, url: URL) => Connection][] = [
  [
    'MCP SDK v1',
    (provider, url) => {
      const transport = new TransportV1(url, { authProvider: provider as never })
      const client = new ClientV1({ name: 'e2e', version: '1' })
      return {
        connect: () => client.connect(transport as never),
        finish: (answer) => transport.finishAuth(answer.searchParams.get('code')!),
        listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
        call: async (name) => JSON.stringify(await client.callTool({ name })),
        close: () => client.close(),
      }
    },
  ],
  [
    'MCP SDK v2',
    (provider, url) => {
      const transport = new TransportV2(url, { authProvider: provider as never })
      const client = new ClientV2({ name: 'e2e', version: '1' }, { versionNegotiation: { mode: 'auto' } })
      return {
        connect: () => client.connect(transport),
        finish: (answer) => transport.finishAuth(answer.searchParams),
        listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
        call: async (name) => JSON.stringify(await client.callTool({ name })),
        close: () => client.close(),
      }
    },
  ],
]

type Register = (redirectUri: string) => Promise<Registration>

const registerByDocument: Register = async (redirectUri) => {
  const path = `/${crypto.randomUUID()}.json`
  // As MCP's own example document: no application_type, and a loopback address without a port.
  const { port: _, ...document } = clientMetadata(redirectUri) as Record<string, unknown>
  const url = `${hub.documents.origin}${path}`
  hub.documents.serve(path, { ...document, client_id: url, redirect_uris: ['http://127.0.0.1/callback'] })
  return { kind: 'CIMD', url }
}

const registerByHand: Register = async (redirectUri) => {
  const { status, body } = await hub.api('POST', '/api/apps', {
    name: 'Known desk',
    redirectUris: [redirectUri],
    authMethod: 'client_secret_basic',
  })
  expect(body.app, String(status)).toBeDefined()
  return { kind: 'pre-registered', clientId: body.app.clientId, clientSecret: body.secret }
}

describe.each(SDKS)('%s, through sign-in and consent in Chromium', (sdk, open) => {
  test('AS4, AS5: by its metadata document; the person has a passkey', async () => {
    await hub.ada.signOut()
    await showWholeLife(hub.ada, registerByDocument)
  })

  test('AS7: by registration; the person has a password and an authenticator app', async () => {
    // A code counts once, so the second of the SDKs finds the person signed in.
    if (sdk === 'MCP SDK v1') await hub.grace.signOut()
    await showWholeLife(hub.grace, async () => ({ kind: 'DCR' }))
  })

  test('AS1: known to the hub, with a secret', () => showWholeLife(hub.ada, registerByHand))

  /** No token, discovery, consent, what was allowed and no more, a refresh, and the end of it. */
  async function showWholeLife(person: BrowserPerson, register: Register): Promise<void> {
    using callback = await listenForCallback()
    const url = new URL(`${hub.url}/mcp`)
    const provider = new SdkProvider(callback, await register(callback.redirectUri))
    const stranger = open(provider, url)
    await expect(stranger.connect()).rejects.toThrow(/Unauthorized/)
    expect(provider.kept).toBeUndefined()
    await person.answer(provider.opened[0]!.href, { switches: { 'group.files.change': false } })
    expect(callback.answers).toHaveLength(1)
    const [answer] = callback.answers
    expect(answer!.searchParams.get('state')).toBe(provider.state())
    expect(answer!.searchParams.get('iss')).toBe(hub.url)
    await stranger.finish(answer!)

    const client = open(provider, url)
    await client.connect()
    expect((await client.listTools()).toSorted()).toEqual(ALLOWED)
    const before = hub.calls().length
    expect(await client.call('files__read_file')).toContain('done read_file')
    await expect(client.call('files__delete_file')).rejects.toThrow()
    expect(provider.opened).toHaveLength(1)
    await expect(client.call('files__write_file')).rejects.toThrow()
    expect(hub.calls().slice(before)).toEqual(['read_file'])
    // SDK v1 answers a challenge for another scope by a refresh alone, and goes no further.
    expect(provider.opened).toHaveLength(sdk === 'MCP SDK v1' ? 1 : 2)
    if (sdk === 'MCP SDK v2') {
      expect(provider.opened[1]!.searchParams.get('scope')).toContain('tool:files/write_file')
      await person.answer(provider.opened[1]!.href)
      await client.finish(callback.answers[1]!)
      expect(await client.call('files__write_file')).toContain('done write_file')
    }

    const carriedOut = hub.calls().length
    const first = { ...provider.kept }
    provider.kept = { ...first, access_token: `${first.access_token.slice(0, -4)}AAAA` }
    expect(await client.call('files__read_file')).toContain('done read_file')
    expect(provider.kept.refresh_token).not.toBe(first.refresh_token)

    const { access_token: last } = provider.kept
    const since = performance.now()
    await hub.revoke(last)
    expect(await statusFor(last)).toBe(401)
    expect(performance.now() - since).toBeLessThan(1000)
    const opened = provider.opened.length
    await expect(client.call('files__read_file')).rejects.toThrow()
    expect(provider.opened).toHaveLength(opened + 1)
    expect(hub.calls().slice(carriedOut)).toEqual(['read_file'])
    await client.close()
  }
})

test('nothing went wrong inside, and no page complained', () => {
  expect(hub.logs.filter((line) => /failed|could not|lost/.test(line))).toEqual([])
  for (const { visitor } of [hub.ada, hub.grace]) expect(visitor.complaints).toEqual([])
})

async function statusFor(token: string): Promise<number> {
  const response = await fetch(`${hub.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}',
  })
  await response.text()
  return response.status
}
