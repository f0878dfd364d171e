import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUpAdministrator, type SignedIn } from '../../server/test/sign-in.ts'
import { startTestHub, type TestHub } from '../../server/test/start-test-hub.ts'
import { TerminalPerson } from './signed-in.ts'

let hub: TestHub
let ada: SignedIn
beforeAll(async () => {
  hub = await startTestHub()
  ada = await signUpAdministrator(hub)
})
afterAll(() => hub[Symbol.asyncDispose]())

const storeOf = (person: TerminalPerson) => join(person.directory, 'config/logins.json')
const loginOf = (person: TerminalPerson) => JSON.parse(readFileSync(storeOf(person), 'utf8')).hubs[hub.url]

/** As if the access tokens had ended; the refresh tokens stand. */
function expire(person: TerminalPerson): void {
  const logins = JSON.parse(readFileSync(storeOf(person), 'utf8'))
  for (const tokens of Object.values<any>(logins.hubs[hub.url].tokens)) tokens.expiresAt = 0
  writeFileSync(storeOf(person), JSON.stringify(logins), { mode: 0o600 })
}

test('login, whoami, logout: one window, a token for each resource, and nothing left at the end', async () => {
  using person = new TerminalPerson(ada.visitor)
  const login = await person.run(['login', hub.url])
  expect(login).toMatchObject({ code: 0, errors: '' })
  expect(login.out).toContain(`You are signed in at ${hub.url}.`)
  expect(person.opened).toHaveLength(3)
  expect(person.lastPage).toContain('This window can be closed')
  expect(statSync(storeOf(person)).mode & 0o777).toBe(0o600)
  const { tokens } = loginOf(person)
  expect(Object.keys(tokens)).toEqual([`${hub.url}/api`, `${hub.url}/mcp`, `${hub.url}/a2a`])
  for (const { accessToken, refreshToken } of Object.values<any>(tokens))
    for (const secret of [accessToken, refreshToken]) expect(login.out).not.toContain(secret)
  const who = await person.run(['whoami'])
  expect(who.out).toContain('ada@example.com')
  expect(JSON.parse((await person.run(['whoami', '--json'])).out)).toMatchObject({ roles: ['admin'] })

  expect((await person.run(['logout'])).out).toContain('signed out')
  expect(loginOf(person)).toBeUndefined()
  const dead = await fetch(`${hub.url}/api/me`, {
    headers: { authorization: `Bearer ${tokens[`${hub.url}/api`].accessToken}` },
  })
  expect(dead.status).toBe(401)
  expect((await person.run(['whoami'])).code).toBe(1)
})

test('a token that ended is renewed once, also by many commands at the same moment', async () => {
  using person = new TerminalPerson(ada.visitor)
  await person.run(['login', hub.url])
  const before = loginOf(person).tokens[`${hub.url}/api`]
  expire(person)
  const answers = await Promise.all(Array.from({ length: 8 }, () => person.run(['whoami'])))
  expect(answers.map(({ code }) => code)).toEqual(Array(8).fill(0))
  const after = loginOf(person).tokens[`${hub.url}/api`]
  expect(after.refreshToken).not.toBe(before.refreshToken)
  expect((await person.run(['whoami'])).code).toBe(0)
})

test('a sign-in that was revoked says how to sign in again', async () => {
  using person = new TerminalPerson(ada.visitor)
  await person.run(['login', hub.url])
  const { grants } = (await hub.api('GET', `/api/grants?person=${ada.person}`)).body
  for (const { id } of grants) await hub.api('DELETE', `/api/grants/${id}`)
  expire(person)
  const { code, errors } = await person.run(['whoami'])
  expect(code).toBe(1)
  expect(errors).toContain(`parley login ${hub.url}`)
})

test('who does not allow it is not signed in', async () => {
  using person = new TerminalPerson(ada.visitor)
  person.decision = 'deny'
  const { code, errors } = await person.run(['login', hub.url])
  expect([code, errors]).toEqual([1, expect.stringContaining('You did not allow it')])
  expect((await person.run(['whoami'])).code).toBe(1)
})

test('A6, A7, CL6: an answer from another issuer is not used', async () => {
  using person = new TerminalPerson(ada.visitor)
  person.callback = (url) => {
    url.searchParams.set('iss', 'https://evil.example')
    return url
  }
  const { code, errors } = await person.run(['login', hub.url])
  expect([code, errors]).toEqual([1, expect.stringContaining('did not come from')])
})

test('CL7: an answer with another state is turned away, and the right one still comes in', async () => {
  using person = new TerminalPerson(ada.visitor)
  const statuses: number[] = []
  const run = person.run(['login', hub.url], {
    openBrowser: (url) => {
      const redirect = new URL(new URL(url).searchParams.get('redirect_uri')!)
      const guess = async () => {
        for (const query of ['?code=x&state=guess', '?code=x', '', '?state=a&state=b'])
          statuses.push((await fetch(redirect.href + query)).status)
        await person.browse(url)
      }
      void guess()
    },
  })
  expect((await run).code).toBe(0)
  expect(statuses).toEqual([404, 404, 404, 404])
})

test('with --json and --no-browser the address goes to stderr, and nothing is opened', async () => {
  using person = new TerminalPerson(ada.visitor)
  let browsing: Promise<void> | undefined
  const { code, out } = await person.run(['login', hub.url, '--json', '--no-browser'], {
    error: (text) => {
      browsing ??= person.browse(/https?:\/\/\S+/.exec(text)![0])
    },
    openBrowser: () => expect.unreachable(),
  })
  await browsing
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ hub: hub.url })
})

test.each([
  [['login', 'ftp://x'], /not the address of a hub/],
  [['login', 'http://a:b@localhost'], /not the address of a hub/],
  [['login', 'http://localhost:1'], /cannot sign in/],
  [['whoami', '--hub', 'http://localhost:9'], /not signed in at http:\/\/localhost:9/],
  [['logout'], /Which hub/],
])('%j is refused in words', async (argv, words) => {
  using person = new TerminalPerson(ada.visitor)
  const { code, errors, out } = await person.run(argv)
  expect([code, out]).toEqual([1, ''])
  expect(errors).toMatch(words)
})

test('sign-ins that others may read are not used', async () => {
  using person = new TerminalPerson(ada.visitor)
  await person.run(['login', hub.url])
  const { chmodSync } = await import('node:fs')
  chmodSync(storeOf(person), 0o644)
  const { code, errors } = await person.run(['whoami'])
  expect([code, errors]).toEqual([1, expect.stringContaining('chmod 600')])
})
