import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { TEST_AUTHORITY } from '../src/lib/fixtures/test-authority.ts'
import { EVERYONE } from '../src/grants/index.ts'
import { BrowserPerson } from './browser-person.ts'
import { openHttpsHost, type HttpsHost } from './https-host.ts'
import { startOfferingServer } from './offering-server.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

/** What the server `files` offers: two that read, one that changes, one that destroys. */
const TOOLS = [
  { name: 'read_file', annotations: { readOnlyHint: true } },
  { name: 'list_directory', annotations: { readOnlyHint: true } },
  { name: 'write_file', annotations: { destructiveHint: false } },
  { name: 'delete_file', annotations: {} },
].map((tool) => ({ ...tool, description: tool.name, inputSchema: { type: 'object' } }))

const BY = { subject: 'test', chain: [] }

export interface ConsentHub extends TestHub {
  /** The administrator, with a passkey. */
  readonly ada: BrowserPerson
  /** A member, with a password and an authenticator app. */
  readonly grace: BrowserPerson
  /** Where apps publish their metadata documents. */
  readonly documents: HttpsHost
  /** Tools that were called at the server, in order. */
  calls(): string[]
  /** Ends the grant behind an access token, as its person would. */
  revoke(accessToken: string): Promise<void>
  /** Ends every grant that people gave to apps. */
  revokeAll(): Promise<void>
}

/** A real hub before a server, with people who have a Chromium each; nobody is entitled to `delete_file`. */
export async function startConsentHub(browser: Browser, yaml: object = {}): Promise<ConsentHub> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-consent-'))
  mkdirSync(join(directory, 'files'))
  writeFileSync(join(directory, 'files', 'tools.json'), JSON.stringify(TOOLS))
  writeFileSync(join(directory, 'files', 'calls'), '')
  writeFileSync(join(directory, 'authority.pem'), TEST_AUTHORITY)
  const files = await startOfferingServer('2026-07-28', join(directory, 'files'))
  const documents = await openHttpsHost()
  const settings = {
    servers: { files: { url: `${files.origin}/mcp` } },
    identity: { clientMetadataHosts: [documents.host] },
    egress: { caFile: join(directory, 'authority.pem') },
    limits: { registrationsPerHour: 1000 },
    ...yaml,
  }
  const hub = await startTestHub(JSON.stringify(settings))
  await until(async () => (await hub.api('GET', '/api/servers/files')).body.counts?.tools === TOOLS.length)
  const everyone = hub.hub.grants.entitlementsOf({ kind: 'group', id: EVERYONE })[0]!
  const capabilities = ['read_file', 'list_directory', 'write_file'].map((name) => ({
    capability: `tool:files/${name}`,
  }))
  await hub.hub.grants.changeTerms(everyone.id, { ...everyone.terms, capabilities }, BY.subject)
  const ada = await BrowserPerson.joinWithPasskey(browser, hub.hub.setupLink!, 'ada@example.com')
  const email = 'grace@example.com'
  const { url } = await hub.hub.people.management.invite({ email, roles: ['member'], groups: [] }, BY)
  const grace = await BrowserPerson.joinWithPassword(browser, url, email)
  const end = async (grant: string) => {
    const { status, body } = await hub.api('DELETE', `/api/grants/${grant}`)
    if (status !== 200) throw new Error(JSON.stringify(body))
  }
  return {
    ...hub,
    ada,
    grace,
    documents,
    calls: () =>
      readFileSync(join(directory, 'files', 'calls'), 'utf8')
        .split('\n')
        .filter(Boolean),
    async revoke(accessToken) {
      const payload = Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()
      await end((JSON.parse(payload) as { gid: string }).gid)
    },
    async revokeAll() {
      const { grants } = (await hub.api('GET', '/api/grants')).body
      for (const { id, kind } of grants) if (kind === 'consent') await end(id)
    },
    async [Symbol.asyncDispose]() {
      for (const { visitor } of [ada, grace]) await visitor.context.close()
      await hub[Symbol.asyncDispose]()
      await files[Symbol.asyncDispose]()
      await documents[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
