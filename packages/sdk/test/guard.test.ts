import { createLocalJWKSet } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  createGuard,
  createVerifier,
  type Caller,
  type Elevation,
  type Guard,
  type GuardOptions,
} from '../src/index.ts'
import { startTestIssuer, type TestIssuer } from './test-issuer.ts'

const resource = 'https://notes.example/mcp'
const scopes = { read: 'Read', write: { description: 'Write', includes: ['read'] }, delete: 'Delete' }

let issuer: TestIssuer
let guards: Guard[]
beforeEach(async () => {
  issuer = await startTestIssuer()
  guards = []
})
afterEach(async () => {
  for (const guard of guards) await guard[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

function makeGuard(options: Partial<GuardOptions> = {}): Guard {
  const guard = createGuard({ issuer: issuer.url, resource, scopes, ...options })
  guards.push(guard)
  return guard
}

async function bearer(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return `Bearer ${await issuer.mint({ aud: resource, scope: 'read', ...claims })}`
}

async function callerFrom(guard: Guard, authorization: string): Promise<Caller> {
  const checked = await guard.check(authorization)
  if (checked.kind !== 'caller') throw new Error(`refused: ${checked.body}`)
  return checked.caller
}

const callOf = (name: unknown, args: unknown = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: args },
})

describe('A14: a token for one capability alone', () => {
  const tools = { look: 'read', 'a/b': 'read', change: 'read' }
  const permitted = async (capability: unknown, body: unknown) => {
    const guard = makeGuard({ tools })
    return guard.permit(await callerFrom(guard, await bearer({ capability })), body)
  }

  test('calls its tool, by the server’s own name, and lists as any token does', async () => {
    expect(await permitted('tool:notes/look', callOf('look'))).toBeUndefined()
    expect(await permitted('tool:notes/a/b', callOf('a/b'))).toBeUndefined()
    expect(await permitted('tool:notes/look', [callOf('look'), callOf('look')])).toBeUndefined()
    expect(
      await permitted('tool:notes/look', { jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    ).toBeUndefined()
  })

  test.each([
    ['another tool', 'tool:notes/look', callOf('change')],
    ['one of a batch', 'tool:notes/look', [callOf('look'), callOf('change')]],
    ['a pattern, which is no name', 'tool:notes/*', callOf('look')],
    ['a resource', 'resource:notes/look', callOf('look')],
    ['what is no capability', 'look', callOf('look')],
    ['a call without a name', 'tool:notes/look', callOf(undefined)],
  ])('is refused for %s', async (_what, capability, body) => {
    const refusal = await permitted(capability, body)
    expect(refusal).toMatchObject({ kind: 'refused', status: 401 })
    expect(refusal!.headers['www-authenticate']).toContain('invalid_token')
  })
})

describe('the caller', () => {
  test('holds what the token says, and never the token', async () => {
    const act = { sub: 'agt_2', client_id: 'app_2', act: { sub: 'agt_1' } }
    const claims = { act, gid: 'gra_1', sid: 'ses_1', acr: 'urn:parley:2fa', auth_time: 1_700_000_000 }
    const authorization = await bearer({ ...claims, scope: 'read  delete' })
    const caller = await callerFrom(makeGuard(), authorization)
    expect(caller).toMatchObject({
      subject: 'per_1',
      person: 'per_1',
      client: 'app_1',
      actors: [{ subject: 'agt_2', client: 'app_2' }, { subject: 'agt_1' }],
      scopes: ['read', 'delete'],
      grant: 'gra_1',
      session: 'ses_1',
      acr: 'urn:parley:2fa',
      authTime: 1_700_000_000,
    })
    expect(JSON.stringify(caller)).not.toContain(authorization.split('.')[2])
    expect(Object.isFrozen(caller)).toBe(true)
  })

  test.each([
    [
      'a chain of nine',
      { act: Array.from({ length: 9 }).reduce((act: object) => ({ sub: 'agt_1', act }), { sub: 'a' }) },
    ],
    ['an actor without a name', { act: {} }],
    ['a scope that is a list', { scope: ['read'] }],
    ['a subject that is a number', { sub: 1 }],
    ['a time of signing in that is a text', { auth_time: 'now' }],
  ])('%s is no caller', async (_name, claims) => {
    expect(await makeGuard().check(await bearer(claims))).toMatchObject({ kind: 'refused', status: 401 })
  })
})

describe('a token that was seen before', () => {
  test('is answered at once, without a new check', async () => {
    const guard = makeGuard()
    const authorization = await bearer()
    const first = guard.check(authorization)
    expect(first).toBeInstanceOf(Promise)
    const checked = await first
    expect(guard.check(authorization)).toBe(checked)
  })

  test('is checked once when many requests bring it together', async () => {
    const keys = createLocalJWKSet({ keys: [issuer.publicKey] })
    let checks = 0
    const verify = createVerifier({
      issuer: issuer.url,
      audience: resource,
      keys(header, token) {
        checks++
        return keys(header, token)
      },
    })
    const authorization = await bearer()
    await Promise.all(Array.from({ length: 50 }, () => verify(authorization)))
    expect(checks).toBe(1)
  })

  test('is refused once it has expired', async () => {
    let nowMs = Date.now()
    const guard = makeGuard({ now: () => nowMs })
    const authorization = await bearer()
    await callerFrom(guard, authorization)
    nowMs += 359_000
    expect(guard.check(authorization)).toMatchObject({ kind: 'caller' })
    nowMs += 2000
    expect(await guard.check(authorization)).toMatchObject({ status: 401 })
    expect(await guard.check(authorization)).toMatchObject({ status: 401 })
  })
})

describe('the keys of the issuer', () => {
  test('R23: a new key is found, and the old one is no longer good for a token not seen before', async () => {
    let nowMs = Date.now()
    const guard = makeGuard({ now: () => nowMs })
    const old = await bearer()
    const unseen = await bearer()
    await callerFrom(guard, old)
    await issuer.rotate()
    nowMs += 10_000
    await callerFrom(guard, await bearer())
    expect(guard.check(old)).toMatchObject({ kind: 'caller' })
    expect(await guard.check(unseen)).toMatchObject({ status: 401 })
  })

  test('are asked for once, however many tokens name an unknown one', async () => {
    const guard = makeGuard()
    await callerFrom(guard, await bearer())
    for (let at = 0; at < 20; at++) {
      const token = await issuer.mint({ aud: resource }, { kid: `made-up-${at}` })
      expect(await guard.check(`Bearer ${token}`)).toMatchObject({ status: 401 })
    }
    expect(issuer.keyRequests).toBe(1)
  })

  test('that cannot be asked for lead to a 503, not to a 401', async () => {
    const authorization = await bearer()
    issuer.stop()
    const checked = await makeGuard().check(authorization)
    expect(checked).toMatchObject({ kind: 'refused', status: 503 })
  })

  test('of an issuer with another name are not used', async () => {
    const guard = makeGuard({ issuer: `${issuer.url}/` })
    const token = await issuer.mint({ aud: resource, iss: `${issuer.url}/` })
    expect(await guard.check(`Bearer ${token}`)).toMatchObject({ status: 503 })
    await expect(guard.ready()).rejects.toThrow('names another issuer')
    expect(issuer.keyRequests).toBe(0)
  })
})

describe('what a tool needs', () => {
  const tools = {
    list: 'read',
    add: ['write'],
    both: ['write', 'delete'],
    pay: (args: unknown) => ((args as { amount: number }).amount > 100 ? ['write', 'delete'] : 'write'),
    constructor: 'delete',
  }

  async function challenge(scope: string, body: unknown): Promise<string | undefined> {
    const guard = makeGuard({ tools })
    const refusal = guard.permit(await callerFrom(guard, await bearer({ scope })), body)
    return refusal && /scope="([^"]*)"/.exec(refusal.headers['www-authenticate'] ?? '')?.[1]
  }

  test.each([
    ['read', callOf('list'), undefined],
    ['read', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, undefined],
    ['read', callOf('add'), 'write'],
    ['write', callOf('both'), 'delete'],
    ['delete', callOf('both'), 'write'],
    ['write', callOf('pay', { amount: 100 }), undefined],
    ['write', callOf('pay', { amount: 101 }), 'delete'],
    ['write', callOf('constructor'), 'delete'],
    ['read', [callOf('list'), callOf('add'), [callOf('both')]], 'write delete'],
  ])('with %s, %j asks for %s', async (scope, body, asked) => {
    expect(await challenge(scope, body)).toBe(asked)
  })

  test('is every scope for a tool that is not listed, so that a forgotten one is not open', async () => {
    for (const name of ['new', '*', 'toString', '__proto__', undefined, 1, {}]) {
      expect(await challenge('write', callOf(name))).toBe('delete')
    }
  })

  test('is looked at in text and bytes as well, and nothing passes that cannot be read', async () => {
    const text = JSON.stringify(callOf('add'))
    expect(await challenge('read', text)).toBe('write')
    expect(await challenge('read', new TextEncoder().encode(text))).toBe('write')
    const guard = makeGuard({ tools })
    const caller = await callerFrom(guard, await bearer())
    for (const body of [undefined, '', '{', '{"a":1}{"b":2}']) {
      expect(guard.permit(caller, body)).toMatchObject({ status: 400 })
    }
  })

  test('RS13: is told for the log when a token does not allow it, with the caller', async () => {
    const elevations: Elevation[] = []
    const guard = makeGuard({ tools, onElevation: (elevation) => elevations.push(elevation) })
    const caller = await callerFrom(guard, await bearer())
    guard.permit(caller, callOf('list'))
    expect(elevations).toEqual([])
    guard.permit(caller, callOf('add'))
    guard.demandStepUp(caller, { maxAgeSeconds: 60 })
    expect(elevations).toEqual([
      { kind: 'scope', caller, scopes: ['write'] },
      { kind: 'step-up', caller, stepUp: { maxAgeSeconds: 60 } },
    ])
  })
})

describe('options that cannot be right', () => {
  test.each([
    [{ resource: 'notes' }, 'cannot be a resource'],
    [{ resource: 'https://notes.example/#x' }, 'cannot be a resource'],
    [{ tools: { add: 'wrote' } }, 'needs the scope "wrote"'],
    [{ baseScopes: ['wrote'] }, 'needs the scope "wrote"'],
    [{ scopes: { a: { description: 'A', includes: ['b'] } } }, 'includes "b"'],
    [{ scopes: { 'a b': 'A' } }, 'cannot be the name of a scope'],
  ] satisfies [Partial<GuardOptions>, string][])('%j is refused at once', (options, message) => {
    expect(() => makeGuard(options)).toThrow(message)
  })

  test('scopes may include each other in a circle', async () => {
    const circle = { a: { description: 'A', includes: ['b'] }, b: { description: 'B', includes: ['a'] } }
    const guard = makeGuard({ scopes: circle })
    const caller = await callerFrom(guard, await bearer({ scope: 'a' }))
    expect(guard.demandScopes(caller, ['b'])).toBeUndefined()
  })
})
