import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUpAdministrator } from '../../server/test/sign-in.ts'
import { startTestHub, type TestHub } from '../../server/test/start-test-hub.ts'
import { TerminalPerson } from './signed-in.ts'

let hub: TestHub
let ada: TerminalPerson
beforeAll(async () => {
  hub = await startTestHub()
  ada = new TerminalPerson((await signUpAdministrator(hub)).visitor)
  expect((await ada.run(['login', hub.url])).code).toBe(0)
})
afterAll(async () => {
  ada[Symbol.dispose]()
  await hub[Symbol.asyncDispose]()
})

async function ok(...argv: string[]): Promise<string> {
  const { code, out, errors } = await ada.run(argv)
  expect([code, errors], argv.join(' ')).toEqual([0, ''])
  return out
}

const json = async (...argv: string[]) => JSON.parse(await ok(...argv, '--json'))

test('people and groups: invite, join, entitle, and the group goes with what it may', async () => {
  const invited = await ok('people', 'invite', 'Bob@example.com', '--role', 'operator')
  expect(invited).toMatch(/works once.*\n?http.*\/invite\//s)
  expect(await ok('people', 'invitations')).toMatch(/bob@example\.com {2}operator/)
  expect(await ok('people')).toMatch(/ada@example\.com +ada +admin +active/)
  await ok('groups', 'add', 'Research')
  expect(await ok('groups', 'join', 'Research', 'ada@example.com')).toContain('is in Research')
  expect(await ok('groups', 'members', 'Research')).toContain('ada@example.com')
  expect(await ok('people', 'show', 'ada@example.com')).toMatch(/groups +Research/)
  const grant = await json(
    'grants',
    'add',
    '--group',
    'Research',
    '--allow',
    'tool:files/*',
    '--per-minute',
    '5',
  )
  expect(grant.terms).toMatchObject({
    capabilities: [{ capability: 'tool:files/*' }],
    limits: { callsPerMinute: 5 },
  })
  await ok('groups', 'remove', 'Research', '--yes')
  expect(await ok('grants', 'show', grant.id)).toMatch(/state +revoked/)
  const sessions = await json('people', 'sessions', 'ada@example.com')
  expect(sessions.sessions.length).toBeGreaterThan(0)
})

test('apps: the secret is shown once', async () => {
  const added = await json('apps', 'add', 'Desk', '--redirect', 'https://desk.example/cb', '--secret')
  expect(await ok('apps', 'show', 'Desk')).not.toContain(added.secret)
  expect(await ok('apps')).toMatch(/Parley command line +entered here +static/)
  expect(await ok('activity')).toMatch(/Parley command line for ada@example\.com \(gra_\w+\) {2}app\.create/)
  expect(await ok('apps', 'suspend', 'Desk')).toMatch(/state +suspended/)
  await ok('apps', 'remove', 'Desk', '--yes')
  const { code, errors } = await ada.run(['apps', 'show', 'Desk'])
  expect([code, errors]).toEqual([1, expect.stringContaining('no app "Desk"')])
})

test('agents: the private key goes to a file of the person, and nowhere else', async () => {
  const said = await ok('agents', 'add', 'night-shift', '--owner', 'ada@example.com', '--out', 'key.json')
  const file = join(ada.directory, 'key.json')
  const key = JSON.parse(readFileSync(file, 'utf8'))
  expect(key).toMatchObject({ kty: 'EC', d: expect.any(String) })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(said).not.toContain(key.d)
  const again = await ada.run(['agents', 'rotate', 'night-shift', '--out', 'key.json'])
  expect([again.code, again.errors]).toEqual([1, expect.stringContaining('cannot be written')])
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(key)
  expect(await ok('agents', 'retire', 'night-shift', '--yes')).toContain('is retired')
})

test('grants: what acts in my name is seen, changed and ended', async () => {
  const { grants } = await json('grants', 'mine')
  expect(grants.length).toBeGreaterThanOrEqual(2)
  const made = await json('grants', 'add', '--person', 'ada@example.com', '--allow', '*', '--days', '1')
  const changed = await json('grants', 'change', made.id, '--allow', 'tool:files/read_*')
  expect(changed).toMatchObject({
    version: 2,
    terms: { capabilities: [{ capability: 'tool:files/read_*' }] },
  })
  expect(await ok('grants', 'revoke', made.id, '--yes')).toContain(made.id)
  expect(await ok('grants', 'list', '--person', 'ada@example.com')).not.toContain(made.id)
})

test('resources and keys', async () => {
  expect(await ok('resources')).toContain('this hub alone')
  await ok('resources', 'add', 'https://notes.example/mcp', 'Notes', '--scope', 'notes:read=Read your notes')
  expect(await ok('resources')).toMatch(/notes\.example\/mcp {2}Notes {2}notes:read {2}api/)
  await ok('resources', 'remove', 'https://notes.example/mcp', '--yes')
  const before = await json('keys')
  const after = await json('keys', 'rotate', '--now', '--yes')
  expect(after.signing).toHaveLength(before.signing.length + 1)
  expect(await ok('whoami')).toContain('ada@example.com')
})

test('what cannot be undone is asked first, and not done without a yes', async () => {
  const refused = await ada.run(['keys', 'retire-bootstrap'])
  expect([refused.code, refused.errors]).toEqual([1, expect.stringContaining('Add --yes')])
  const asked: string[] = []
  const ask = (answer: boolean) => async (question: string) => {
    asked.push(question)
    return answer
  }
  expect((await ada.run(['keys', 'retire-bootstrap'], { ask: ask(false) })).code).toBe(1)
  expect((await json('keys')).bootstrap).toBe(true)
  expect((await ada.run(['keys', 'retire-bootstrap'], { ask: ask(true) })).code).toBe(0)
  expect(asked).toHaveLength(2)
  expect((await hub.api('GET', '/api/me')).status).toBe(401)
  expect((await json('keys')).bootstrap).toBe(false)
})

test.each([
  [['people', 'show', 'nobody@example.com'], /no person/],
  [['people', 'dance'], /not how it goes/],
  [['people', 'roles', 'ada@example.com', 'emperor'], /roles/],
  [['people', 'roles', 'ada@example.com', 'member'], /without an administrator/],
  [['grants', 'add', '--allow', '*'], /Say who/],
  [['grants', 'add', '--group', 'everyone'], /Say what/],
  [['grants', 'add', '--group', 'nobody', '--allow', '*'], /no group/],
  [['grants', 'show', 'gra_x'], /no such route/],
  [['apps', 'add', 'Desk'], /called back/],
  [['resources', 'add', 'https://x.example/mcp', 'X', '--scope', 'x'], /SCOPE=WORDS/],
  [['agents', 'rotate', 'x', '--grace', 'soon'], /no agent|whole seconds/],
])('%j is refused in words', async (argv, words) => {
  const { code, errors, out } = await ada.run(argv)
  expect([code, out]).toEqual([1, ''])
  expect(errors).toMatch(words)
})
