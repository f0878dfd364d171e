import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { decodeJwt } from 'jose'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runExample } from '../../sdk/test/run-example.ts'
import { BrowserPerson } from './browser-person.ts'
import { launchChromium } from './browser.ts'
import { listenForCallback } from './callback-listener.ts'
import { startRecordingProxy } from './recording-proxy.ts'
import { SdkProvider } from './sdk-provider.ts'
import { startTestHub, until } from './start-test-hub.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

test.each(['express-notes', 'hono-notes'])(
  'G1, RS11: %s behind a hub whose tokens it trusts: each call brings a hop token, and the inbound token never leaves',
  async (example) => {
    using wire = await startRecordingProxy()
    const resource = `http://localhost:${wire.port}/mcp`
    const scopes = { 'notes:read': 'Read your notes', 'notes:write': 'Add and delete notes' }
    await using hub = await startTestHub(
      JSON.stringify({
        servers: { notes: { url: resource, hopTokens: true } },
        resources: { notes: { url: resource, scopes } },
      }),
    )
    const notes = await runExample(`${example}/main.ts`, { issuer: hub.url, resource })
    try {
      wire.forwardTo(notes.url)
      await until(async () => {
        await hub.api('POST', '/api/servers/notes/refresh', {})
        return (await hub.api('GET', '/api/servers/notes')).body.counts?.tools === 3
      })
      const ada = await BrowserPerson.joinWithPasskey(browser, hub.hub.setupLink!, 'ada@example.com')
      const email = 'grace@example.com'
      const { url } = await hub.hub.people.management.invite(
        { email, roles: ['member'], groups: [] },
        { subject: 'test', chain: [] },
      )
      const grace = await BrowserPerson.joinWithPassword(browser, url, email)
      wire.seen.length = 0
      const adas = await connect(hub.url, ada)
      const graces = await connect(hub.url, grace)
      await adas.say('notes__add_note', { text: 'milk' })
      expect(await adas.say('notes__list_notes')).toContain('1. milk')
      // Whose notes they are is told by the hop token alone.
      expect(await graces.say('notes__list_notes')).toContain('There are no notes')
      // She signed in with two factors a moment ago, and the hop token says so.
      expect(await adas.say('notes__delete_note', { number: 1 })).toContain('Deleted')

      const calls = wire.seen.filter(({ body }) => body.includes('"tools/call"'))
      expect(calls.map(({ status }) => status)).toEqual([200, 200, 200, 200])
      for (const { headers } of calls) {
        const claims = decodeJwt(headers.authorization!.slice('Bearer '.length))
        expect(claims).toMatchObject({ iss: hub.url, aud: resource, acr: expect.any(String) })
        expect(claims.exp! - claims.iat!).toBeLessThanOrEqual(60)
      }
      const subjects = calls.map(({ headers }) => decodeJwt(headers.authorization!.slice(7)).sub)
      expect(new Set(subjects).size).toBe(2)
      for (const { inbound } of [adas, graces])
        for (const recorded of wire.seen) expect(JSON.stringify(recorded)).not.toContain(inbound())
      await adas.close()
      await graces.close()
      for (const { visitor } of [ada, grace]) await visitor.context.close()
    } finally {
      notes.stop()
    }
  },
)

/** An MCP client of a person, who allows everything that the hub offers. */
async function connect(hub: string, person: BrowserPerson) {
  using callback = await listenForCallback()
  const provider = new SdkProvider(callback, { kind: 'DCR' })
  const open = () =>
    new StreamableHTTPClientTransport(new URL(`${hub}/mcp`), { authProvider: provider as never })
  const client = () => new Client({ name: 'e2e', version: '1' }, { versionNegotiation: { mode: 'auto' } })
  const stranger = open()
  await expect(client().connect(stranger)).rejects.toThrow(/Unauthorized/)
  const switches = { 'group.notes.destroy': true }
  await person.answer(provider.opened[0]!.href, { switches })
  await stranger.finishAuth(callback.answers[0]!.searchParams)
  const connected = client()
  await connected.connect(open())
  return {
    inbound: () => provider.kept.access_token as string,
    say: async (name: string, args: Record<string, unknown> = {}) =>
      JSON.stringify(await connected.callTool({ name, arguments: args })),
    close: () => connected.close(),
  }
}
