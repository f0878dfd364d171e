import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGrantingHub, type GrantingHub } from './granting-hub.ts'
import { ask, openApp, postForm, type TestApp } from './oauth-app.ts'
import { signUpAdministrator } from './sign-in.ts'
import { until } from './start-test-hub.ts'

const YAML = `
resources:
  notes:
    url: https://notes.example/mcp
    scopes: { 'notes:read': Read your notes }
`
let hub: GrantingHub
let app: TestApp
beforeAll(async () => {
  hub = await startGrantingHub(YAML)
  app = await openApp(hub.url)
  await until(() => hub.hub.identity.resources().find(`${hub.url}/mcp/servers/one`) !== undefined)
})
afterAll(() => hub[Symbol.asyncDispose]())

type Changes = Readonly<Record<string, string | null>>

/** What comes back to somebody unknown, at both endpoints, without what differs each time. */
async function answersTo(changes: Changes): Promise<unknown[]> {
  const { url } = await ask(app, changes)
  const front = await fetch(url, { redirect: 'manual' })
  const pushed = await postForm(`${hub.url}/oauth/par`, url.search.slice(1))
  expect([front.status, pushed.status]).not.toContain(429)
  const location = (front.headers.get('location') ?? '').replace(/^\/interaction\/.*/, 'sign-in')
  const { error, error_description } = pushed.body
  return [front.status, location, pushed.status, error, error_description]
}

const DETAILS = JSON.stringify([{ type: 'parley_capability', capabilities: [{ capability: '*' }] }])
const REST: readonly Changes[] = [
  {},
  { scope: 'mcp' },
  { scope: 'notes:read' },
  { scope: 'of-nobody' },
  { scope: 'openid offline_access' },
  { authorization_details: DETAILS },
  { prompt: 'none' },
]

test('G5: who has not signed in is answered alike for a resource that is there and one that is not', async () => {
  for (const [known, unknown] of [
    [`${hub.url}/mcp/servers/one`, `${hub.url}/mcp/servers/two`],
    ['https://notes.example/mcp', 'https://other.example/mcp'],
  ] as const) {
    for (const rest of REST)
      expect(await answersTo({ ...rest, resource: known })).toEqual(
        await answersTo({ ...rest, resource: unknown }),
      )
    const [shouted, whispered] = [known, unknown].map((resource) => `${resource.replace('http', 'HTTP')}/`)
    expect(await answersTo({ resource: shouted! })).toEqual(await answersTo({ resource: whispered! }))
    expect((await answersTo({ resource: unknown }))[1]).toBe('sign-in')
  }
})

test('A13: what can be no resource at all is refused at once', async () => {
  for (const resource of [
    'no-uri',
    'ftp://files.example/',
    'https://notes.example/#part',
    'https://u:p@x.example/',
  ])
    expect((await answersTo({ resource })).slice(2, 4)).toEqual([400, 'invalid_target'])
})

test('A13: whoever has signed in learns that there is no such resource, and nothing is granted', async () => {
  const { visitor, person } = await signUpAdministrator(hub)
  for (const resource of ['https://other.example/mcp', `${hub.url}/mcp/servers/two`]) {
    const { url } = await ask(app, { resource })
    const back = new URL((await visitor.open(url.href)).url)
    expect(back.origin).toBe('http://127.0.0.1:43123')
    expect(Object.fromEntries(back.searchParams)).toMatchObject({
      error: 'invalid_target',
      iss: hub.url,
      state: 'state-of-the-app',
    })
    expect(back.searchParams.has('code')).toBe(false)
  }
  const { url } = await ask(app, { resource: 'https://notes.example/mcp', scope: 'of-nobody' })
  expect((await visitor.open(url.href)).text).not.toContain('value="allow"')
  expect(hub.hub.grants.list({ person })).toEqual([])
})
