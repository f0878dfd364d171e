import type { GrantTerms } from '@parley/contract'
import { expect, test } from 'vitest'
import { KEEP_ENDED_MS, consent, delegation, openGrants, terms } from './grants-fixture.ts'
import { EVERYONE } from './index.ts'

test('a grant covers what its rules name, exactly or by their beginning, and nothing else', async () => {
  const { grants } = await openGrants()
  const { id } = await grants.create(
    consent(terms([{ capability: 'tool:files/read_*' }, { capability: 'prompt:files/sum' }])),
    'x',
  )
  expect(grants.covers(id, 'tool:files/read_text_file').kind).toBe('covered')
  expect(grants.covers(id, 'prompt:files/sum').kind).toBe('covered')
  for (const other of ['tool:files/write_file', 'tool:Files/read_text_file', 'prompt:files/summary'] as const)
    expect(grants.covers(id, other)).toMatchObject({ kind: 'not-covered', because: 'capability' })
})

test.each([
  ['equals', { equals: 'a' }, ['a'], ['b', 'A', undefined, { a: 1 }]],
  ['oneOf', { oneOf: [1, 'x', null] }, [1, 'x', null], ['1', 2, undefined, []]],
  [
    'prefix',
    { prefix: '/docs/' },
    ['/docs/a', '/docs/..a/b', '/docs/a..', '/docs/.../x', '/docs/?q=a..b'],
    [
      '/doc',
      '/docs/../etc',
      '/docs/%2E%2e/x',
      '/docs/a\\..\\b',
      '/docs/..%2f..%2Fetc',
      '/docs/..',
      7,
      '/docs/..?x',
      '/docs/..#x',
      '/docs/..;/x',
      '/docs/.	./x',
      '/docs/\n..\r/x',
      '/docs/%5c..%5cx',
    ],
  ],
  ['a number that every reader reads alike', { atLeast: 0 }, [2 ** 53 - 1], [2 ** 53, 1e300, Infinity]],
  ['bounds', { atLeast: 1, atMost: 5 }, [1, 5, 2.5], [0.9, 5.1, '3', undefined]],
])('an argument is held to %s', async (_name, fields, good, bad) => {
  const { grants } = await openGrants()
  const rule = { capability: 'tool:a/b', where: [{ pointer: '/at/0', ...fields }] }
  const { id } = await grants.create(consent(terms([rule])), 'x')
  const call = (value: unknown) =>
    grants.covers(id, 'tool:a/b', () => ({ at: value === undefined ? [] : [value] }))
  for (const value of good) expect([value, call(value).kind]).toEqual([value, 'covered'])
  for (const value of bad)
    expect([value, call(value)]).toMatchObject([value, { kind: 'not-covered', because: 'arguments' }])
  expect(grants.covers(id, 'tool:a/b').kind).toBe('covered')
})

test('a resource whose URI leads upward is not below the URI that it begins with', async () => {
  const { grants } = await openGrants()
  const below = 'resource:files/file:///docs/'
  const { id } = await grants.create(consent(terms([{ capability: `${below}*` }])), 'x')
  const whole = await grants.create(consent(terms([{ capability: 'resource:files/*' }])), 'x')
  expect(grants.covers(id, `${below}a..b/c.md`).kind).toBe('covered')
  for (const uri of ['../etc/passwd', 'a/%2e%2E/x', '..%2fx', '..'] as const) {
    expect(grants.covers(id, `${below}${uri}`).kind).toBe('not-covered')
    expect(grants.covers(whole.id, `${below}${uri}`).kind).toBe('covered')
  }
})

test('an argument that only the prototype has is absent', async () => {
  const { grants } = await openGrants()
  const rule = { capability: 'tool:a/b', where: [{ pointer: '/constructor/name', prefix: 'Obj' }] }
  const { id } = await grants.create(consent(terms([rule])), 'x')
  expect(grants.covers(id, 'tool:a/b', () => ({})).kind).toBe('not-covered')
})

test('a grant ends at its time, and so does what was delegated from it', async () => {
  const { grants, clock } = await openGrants()
  const until = clock.now() + 1000
  const parent = await grants.create(consent(terms([{ capability: '*' }], { expiresAt: until })), 'x')
  const child = await grants.create(delegation(parent.id, parent.terms), 'x')
  expect(grants.covers(child.id, 'tool:a/b').kind).toBe('covered')
  clock.advance(1000)
  for (const { id } of [parent, child])
    expect(grants.covers(id, 'tool:a/b')).toMatchObject({ kind: 'not-covered', because: 'expired' })
})

test('G7: revoking ends everything below, at once and after a restart, and leaves others alone', async () => {
  const fixture = await openGrants()
  const { grants } = fixture
  const top = await grants.create(consent(terms([{ capability: '*' }])), 'x')
  const middle = await grants.create(delegation(top.id, top.terms), 'x')
  const low = await grants.create(delegation(middle.id, top.terms), 'x')
  const beside = await grants.create(delegation(top.id, top.terms), 'x')
  expect(await grants.revoke(middle.id, 'x')).toEqual([middle.id, low.id])
  expect(fixture.ended).toEqual([middle.id, low.id])
  const covered = () => [top, middle, low, beside].map(({ id }) => fixture.grants.covers(id, 'tool:a/b').kind)
  expect(covered()).toEqual(['covered', 'not-covered', 'not-covered', 'covered'])
  await fixture.reopen()
  expect(covered()).toEqual(['covered', 'not-covered', 'not-covered', 'covered'])
  expect(fixture.grants.find(low.id)?.state).toBe('revoked')
  expect(await fixture.grants.revoke(low.id, 'x')).toEqual([])
  await expect(fixture.grants.create(delegation(low.id, top.terms), 'x')).rejects.toMatchObject({
    code: 'conflict',
  })
  expect(fixture.actions()).toEqual([...Array(4).fill('grant.create'), 'grant.revoke'])
})

test('a child that is created while its parent is being revoked does not outlive it', async () => {
  const { grants } = await openGrants()
  const top = await grants.create(consent(terms([{ capability: '*' }])), 'x')
  const [revoked, created] = await Promise.allSettled([
    grants.revoke(top.id, 'x'),
    grants.create(delegation(top.id, top.terms), 'x'),
  ])
  expect(revoked.status).toBe('fulfilled')
  expect(
    created.status === 'rejected' || grants.covers(created.value.id, 'tool:a/b').kind === 'not-covered',
  ).toBe(true)
})

test('narrowing a parent holds its children from then on', async () => {
  const { grants } = await openGrants()
  const top = await grants.create(consent(terms([{ capability: '*' }])), 'x')
  const child = await grants.create(delegation(top.id, top.terms), 'x')
  await grants.changeTerms(top.id, terms([{ capability: 'tool:a/*' }]), 'x')
  expect(grants.covers(child.id, 'tool:a/b').kind).toBe('covered')
  expect(grants.covers(child.id, 'tool:b/b')).toMatchObject({ because: 'capability', grant: top.id })
})

test('of two changes at the same moment one is told to look again', async () => {
  const { grants, actions } = await openGrants()
  const { id } = await grants.create(consent(terms([{ capability: '*' }])), 'x')
  const change = (capability: string) => grants.changeTerms(id, terms([{ capability }]), 'x')
  const both = await Promise.allSettled([change('tool:a/*'), change('tool:b/*')])
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(actions()).toEqual(['grant.create', 'grant.change'])
})

test('a grant is passed on seven times and no further', async () => {
  const { grants } = await openGrants()
  let { id } = await grants.create(consent(terms([{ capability: '*' }])), 'x')
  for (let depth = 1; depth < 8; depth++)
    ({ id } = await grants.create(delegation(id, terms([{ capability: '*' }])), 'x'))
  await expect(grants.create(delegation(id, terms([{ capability: '*' }])), 'x')).rejects.toMatchObject({
    code: 'invalid_params',
  })
})

test('everyone is entitled to everything until an administrator changes it', async () => {
  const fixture = await openGrants()
  const [row] = fixture.grants.entitlementsOf({ kind: 'group', id: EVERYONE })
  expect(fixture.grants.covers(row!.id, 'tool:a/b').kind).toBe('covered')
  await fixture.grants.changeTerms(
    row!.id,
    { ...row!.terms, capabilities: [{ capability: 'tool:a/*' }] },
    'x',
  )
  await fixture.reopen()
  expect(fixture.grants.covers(row!.id, 'tool:b/b').kind).toBe('not-covered')
})

test('a grant that has ended is kept for its time and then forgotten, children first, with what led to it', async () => {
  const { grants, store, clock } = await openGrants()
  const kept = () => store.all('SELECT id FROM grants').map((row) => row['id'])
  const make = (more: Partial<GrantTerms> = {}) =>
    grants.create(consent(terms([{ capability: '*' }], more)), 'x')
  const top = await make()
  const below = await grants.create(delegation(top.id, terms([{ capability: '*' }])), 'x')
  const expiring = await make({ expiresAt: clock.now() + 1000 })
  const stays = await make({ expiresAt: clock.now() + 1000 * KEEP_ENDED_MS })
  const save = 'INSERT INTO consents (key, grant_id, created_at) VALUES (?, ?, 0)'
  for (const { id } of [top, stays]) await store.submit([{ sql: save, parameters: [Buffer.from(id), id] }])
  await grants.revoke(top.id, 'x')
  clock.advance(KEEP_ENDED_MS)
  await make()
  expect(kept()).toEqual(expect.arrayContaining([top.id, below.id, expiring.id, stays.id]))
  expect(grants.find(top.id)).toMatchObject({ state: 'revoked' })
  clock.advance(2000)
  await make()
  expect(kept()).not.toContain(below.id)
  expect(kept()).not.toContain(expiring.id)
  await make()
  expect(kept()).not.toContain(top.id)
  expect(kept()).toContain(stays.id)
  expect(store.all('SELECT grant_id FROM consents')).toEqual([{ grant_id: stays.id }])
  expect(grants.covers(stays.id, 'tool:files/read').kind).toBe('covered')
  expect(grants.covers(top.id, 'tool:files/read').kind).toBe('not-covered')
})
