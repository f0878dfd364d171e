import { expect, test } from 'vitest'
import { isHitBy, tokenPrincipal, tokenSubjects, type VerifiedCaller } from './token-principal.ts'

const GRANT = 'gra_01JAAAAAAAAAAAAAAAAAAAAAAA'
const PERSON = 'per_01JAAAAAAAAAAAAAAAAAAAAAAA'
const APP = 'app_01JAAAAAAAAAAAAAAAAAAAAAAA'
const FIRST = 'agt_01JAAAAAAAAAAAAAAAAAAAAAAA'
const SECOND = 'agt_01JBBBBBBBBBBBBBBBBBBBBBBB'

const findApp = (clientId: string) => (clientId === 'https://app.example/cimd' ? (APP as 'app_') : undefined)

function caller(more: Partial<VerifiedCaller> = {}): VerifiedCaller {
  return {
    subject: PERSON,
    client: 'https://app.example/cimd',
    actors: [{ subject: SECOND }, { subject: FIRST }],
    scopes: ['mcp'],
    grant: GRANT,
    session: 'ses_1',
    acr: 'urn:parley:2fa',
    authTime: 1,
    claims: { iat: 100, jti: 'jti-1', amr: ['pwd', 'otp'] },
    ...more,
  }
}

test('the chain reads from the person over the app to the agent that calls, whatever the order of `act`', () => {
  const principal = tokenPrincipal(caller(), findApp)!
  expect(principal.subject).toBe(GRANT)
  expect(principal.chain).toEqual([
    { kind: 'person', id: PERSON },
    { kind: 'app', id: APP },
    { kind: 'agent', id: FIRST },
    { kind: 'agent', id: SECOND },
  ])
  expect(principal.roles).toEqual([])
})

test('RFC 8693: an exchanged token is issued to the agent, and names the app as who acted first', () => {
  const exchanged = caller({
    client: SECOND,
    actors: [{ subject: SECOND }, { subject: FIRST }, { subject: 'https://app.example/cimd' }],
  })
  expect(tokenPrincipal(exchanged, findApp)).toMatchObject(tokenPrincipal(caller(), findApp)!)
  expect(tokenSubjects(exchanged)).toEqual(tokenSubjects(caller()))
})

test('an agent that acts for itself has nobody before it', () => {
  const principal = tokenPrincipal(caller({ subject: FIRST, client: FIRST, actors: [] }), findApp)!
  expect(principal.person).toBeUndefined()
  expect(principal.chain).toEqual([{ kind: 'agent', id: FIRST }])
})

test.each([
  ['no grant', { grant: undefined }],
  ['a grant that is none', { grant: 'gra_x' }],
  ['a subject that is nobody here', { subject: 'alice' }],
  ['an actor that is nobody here', { actors: [{ subject: 'mallory' }] }],
  ['an app that is nobody here', { client: FIRST, actors: [{ subject: FIRST }, { subject: 'mallory' }] }],
])('%s is no principal', (_name, more) => {
  expect(tokenPrincipal(caller(more as Partial<VerifiedCaller>), findApp)).toBeUndefined()
})

test.each([
  ['grant', GRANT],
  ['person', PERSON],
  ['app', 'https://app.example/cimd'],
  ['agent', FIRST],
  ['agent', SECOND],
  ['session', 'ses_1'],
  ['token', 'jti-1'],
] as const)('G7: a %s that is cut off hits its tokens, and no others', (kind, id) => {
  const subjects = tokenSubjects(caller())
  expect(isHitBy(subjects, { kind, id, at: 100 })).toBe(true)
  expect(isHitBy(subjects, { kind, id, at: 99 })).toBe(false)
  expect(isHitBy(subjects, { kind, id: `${id}x`, at: 100 })).toBe(false)
})
