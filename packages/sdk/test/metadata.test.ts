import { expect, test } from 'vitest'
import { Hono } from 'hono'
import { serveMetadata } from '../src/hono.ts'
import { createGuard } from '../src/index.ts'

const guard = createGuard({
  issuer: 'https://hub.example',
  resource: 'HTTPS://Notes.Example/team/mcp/',
  scopes: { read: 'Read', write: 'Write' },
  name: 'Notes',
})
const app = new Hono().use(serveMetadata(guard)).all('*', (context) => context.text('behind'))
const WELL_KNOWN = '/.well-known/oauth-protected-resource'

test.each([`${WELL_KNOWN}/team/mcp`, WELL_KNOWN])(
  'RS1, RS9: the metadata is at %s, in its one spelling',
  async (path) => {
    expect(await (await app.request(path)).json()).toEqual({
      resource: 'https://notes.example/team/mcp',
      authorization_servers: ['https://hub.example'],
      bearer_methods_supported: ['header'],
      scopes_supported: ['read', 'write'],
      resource_name: 'Notes',
    })
  },
)

test('RS1: an app in a browser may read it, and ask before', async () => {
  const preflight = await app.request(`${WELL_KNOWN}/team/mcp`, { method: 'OPTIONS' })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-headers')).toBe('mcp-protocol-version, a2a-version')
  for (const method of ['OPTIONS', 'GET']) {
    const { headers } = await app.request(WELL_KNOWN, { method })
    expect(headers.get('access-control-allow-origin')).toBe('*')
  }
})

test.each([
  ['POST', WELL_KNOWN],
  ['GET', `${WELL_KNOWN}/team`],
  ['GET', `${WELL_KNOWN}/team/mcp/`],
  ['GET', '/team/mcp'],
])('%s %s is not about it', async (method, path) => {
  expect(await (await app.request(path, { method })).text()).toBe('behind')
})
