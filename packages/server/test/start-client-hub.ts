import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as oauth from 'oauth4webapi'
import { TEST_AUTHORITY } from '../src/lib/fixtures/test-authority.ts'
import { startOfferingServer } from './offering-server.ts'
import { insecure } from './oauth-app.ts'
import { sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import { signUpAdministrator } from './sign-in.ts'
import { startTestHub, until } from './start-test-hub.ts'

/** What is called in the hub's log when something went wrong inside. */
const FAILURE = /failed|could not|lost/

/**
 * A real hub for tests of apps and agents: the server `files` with two tools, the app `test-app`, a person who is signed
 * in, and document hosts of the test authority.
 */
export async function startClientHub(given: { hosts?: readonly string[]; yaml?: string } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'parley-clients-'))
  const tools = ['read_text_file', 'write_file'].map((name) => ({
    name,
    description: name,
    annotations: { readOnlyHint: name.startsWith('read') },
    inputSchema: { type: 'object' },
  }))
  mkdirSync(join(directory, 'files'))
  writeFileSync(join(directory, 'files', 'tools.json'), JSON.stringify(tools))
  writeFileSync(join(directory, 'authority.pem'), TEST_AUTHORITY)
  const files = await startOfferingServer('2026-07-28', join(directory, 'files'))
  const settings = {
    servers: { files: { url: `${files.origin}/mcp` } },
    apps: { 'test-app': { name: 'Test app', redirectUris: ['http://127.0.0.1/callback'] } },
    resources: {
      notes: {
        url: 'https://notes.example/mcp',
        scopes: { 'notes:read': 'Read notes' },
      },
    },
    identity: { clientMetadataHosts: given.hosts ?? [] },
    egress: { caFile: join(directory, 'authority.pem') },
    limits: { registrationsPerHour: 1000 },
  }
  const test = await startTestHub(JSON.stringify(settings))
  const { visitor, person } = await signUpAdministrator(test)
  await until(async () => (await test.api('GET', '/api/servers/files')).body.counts?.tools === 2)
  const response = await oauth.discoveryRequest(new URL(test.url), { algorithm: 'oauth2', ...insecure })
  const as = await oauth.processDiscoveryResponse(new URL(test.url), response)
  const { clients, grants, identity } = test.hub
  return {
    url: test.url,
    as,
    clients,
    grants,
    identity,
    visitor,
    person,
    clientId: 'test-app',
    errors: () => test.logs.filter((line) => FAILURE.test(line)),
    /** `tools/call` of the server `files` with an access token. */
    async call(token: string, tool: string) {
      const { headers, body } = modernRequest('tools/call', { name: `files__${tool}`, arguments: {} })
      const caller = { ...test, headers: { Authorization: `Bearer ${token}` } }
      return sendRaw(caller, { path: '/mcp', headers, body })
    },
    api: test.api,
    async records() {
      const { body } = await test.api('GET', '/api/activity')
      return (body.records as any[]).map((entry) => entry.record ?? entry)
    },
    async [Symbol.asyncDispose]() {
      await test[Symbol.asyncDispose]()
      await files[Symbol.asyncDispose]()
      rmSync(directory, {
        recursive: true,
        force: true,
      })
    },
  }
}
