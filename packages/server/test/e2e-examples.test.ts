import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runExample } from '../../sdk/test/run-example.ts'
import { BrowserPerson } from './browser-person.ts'
import { launchChromium } from './browser.ts'
import { listenForCallback } from './callback-listener.ts'
import { startHubProcess } from './hub-process.ts'
import { ask, openApp, redeem } from './oauth-app.ts'
import { SdkProvider } from './sdk-provider.ts'
import { until } from './start-test-hub.ts'

/** Longer ago than the five minutes within which `delete_note` wants a sign-in. */
const LONG_AGO_MS = 400_000
const SCOPES = { 'notes:read': 'Read your notes', 'notes:write': 'Add and delete notes' }

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

describe.each(['express-notes', 'hono-notes'])(
  '%s, guarded by `parley serve --only identity`, each in a process of its own',
  (example) => {
    test('discovery, consent, scope step-up, fresh sign-in (RFC 9470) and the end of a grant (G7)', async () => {
      await using hub = await startHubProcess(['--only', 'identity'], { behindMs: LONG_AGO_MS })
      const notes = await runExample(`${example}/main.ts`, { issuer: hub.url })
      try {
        const { status } = await hub.api('POST', '/api/resources', {
          resource: notes.url,
          name: 'Notes',
          scopes: SCOPES,
        })
        expect(status).toBe(200)
        const ada = await BrowserPerson.joinWithPasskey(browser, hub.setupLink, 'ada@example.com')
        const provider = await useAsMcpClient(notes.url, ada)
        hub.catchUp()
        const strong = await signInAnew(hub.url, {
          ada,
          resource: notes.url,
          weak: provider.kept.access_token,
        })
        await endWithinASecond(hub, notes.url, { gone: provider.kept.access_token, stays: strong })
        expect(ada.visitor.complaints).toEqual([])
        await ada.visitor.context.close()
      } finally {
        notes.stop()
      }
    })
  },
)

/** SDK v2: no token, discovery by the example's metadata, consent, and consent to more when a call needs it. */
async function useAsMcpClient(url: string, ada: BrowserPerson): Promise<SdkProvider> {
  using callback = await listenForCallback()
  const provider = new SdkProvider(callback, { kind: 'DCR' })
  const open = () => {
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider as never })
    const client = new Client({ name: 'e2e', version: '1' }, { versionNegotiation: { mode: 'auto' } })
    return { transport, client }
  }
  const stranger = open()
  await expect(stranger.client.connect(stranger.transport)).rejects.toThrow(/Unauthorized/)
  expect(provider.opened[0]!.searchParams.get('resource')).toBe(url)
  expect(provider.opened[0]!.searchParams.get('scope')).toContain('notes:read')
  await ada.answer(provider.opened[0]!.href)
  await stranger.transport.finishAuth(callback.answers[0]!.searchParams)

  const { client, transport } = open()
  await client.connect(transport)
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain('add_note')
  expect(await say(client, 'list_notes')).toContain('There are no notes')
  await expect(say(client, 'add_note', { text: 'milk' })).rejects.toThrow()
  expect(await say(client, 'list_notes')).toContain('There are no notes')
  expect(provider.opened[1]!.searchParams.get('scope')).toContain('notes:write')
  await ada.answer(provider.opened[1]!.href)
  await transport.finishAuth(callback.answers[1]!.searchParams)
  await say(client, 'add_note', { text: 'milk' })
  expect(await say(client, 'list_notes')).toContain('1. milk')
  await client.close()
  return provider
}

/** What the challenge asks for is what the hub makes the person do; answers with the token that is good enough. */
async function signInAnew(
  issuer: string,
  { ada, resource, weak }: { ada: BrowserPerson; resource: string; weak: string },
): Promise<string> {
  const challenge = await callRaw(resource, weak, 'delete_note', { number: 1 })
  expect(challenge.status).toBe(401)
  expect(challenge.authenticate).toContain('error="insufficient_user_authentication"')
  const valueOf = (name: string) => new RegExp(`${name}="([^"]+)"`).exec(challenge.authenticate)![1]!
  using callback = await listenForCallback()
  const app = await openApp(issuer, { redirectUri: callback.redirectUri })
  const { url, verifier } = await ask(app, {
    resource,
    scope: 'notes:write',
    acr_values: valueOf('acr_values'),
    max_age: valueOf('max_age'),
  })
  const visited: string[] = []
  ada.page.on('framenavigated', (frame) => visited.push(new URL(frame.url()).pathname))
  await ada.answer(url.href)
  expect(visited).toContain('/login')
  const { access_token } = await redeem(app, { callback: callback.answers[0]!, verifier })
  expect((await callRaw(resource, weak, 'list_notes')).text).toContain('1. milk')
  const done = await callRaw(resource, access_token, 'delete_note', { number: 1 })
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('Deleted')])
  return access_token
}

async function endWithinASecond(
  hub: Pick<Awaited<ReturnType<typeof startHubProcess>>, 'api'>,
  url: string,
  { gone, stays }: { gone: string; stays: string },
): Promise<void> {
  const { gid } = JSON.parse(Buffer.from(gone.split('.')[1]!, 'base64url').toString()) as { gid: string }
  expect((await callRaw(url, gone, 'list_notes')).status).toBe(200)
  const before = performance.now()
  expect((await hub.api('DELETE', `/api/grants/${gid}`)).status).toBe(200)
  await until(async () => (await callRaw(url, gone, 'list_notes')).status === 401)
  expect(performance.now() - before).toBeLessThan(1000)
  expect((await callRaw(url, stays, 'list_notes')).status).toBe(200)
}

async function say(client: Client, name: string, args: Record<string, unknown> = {}): Promise<string> {
  return JSON.stringify(await client.callTool({ name, arguments: args }))
}

async function callRaw(url: string, token: string, name: string, args: object = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
  })
  const authenticate = response.headers.get('www-authenticate') ?? ''
  return { status: response.status, authenticate, text: await response.text() }
}
