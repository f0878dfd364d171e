import { expect, test } from 'vitest'
import { consent, delegation, openGrants, terms } from './grants-fixture.ts'

const any = terms([{ capability: '*' }])
const nothing = () => ({})

test('G7: a grant whose terms are changed while it is revoked has ended, in memory as on disk', async () => {
  const { grants, ended } = await openGrants()
  const { id } = await grants.create(consent(any), 'x')
  await Promise.allSettled([
    grants.changeTerms(id, terms([{ capability: 'tool:*' }]), 'x'),
    grants.revoke(id, 'x'),
  ])
  expect(grants.covers(id, 'tool:a/b')).toMatchObject({ because: 'revoked' })
  expect(grants.find(id)?.state).toBe('revoked')
  expect(ended).toEqual([id])
})

test.each(['before', 'after'])(
  'G7: what is delegated just %s its parent is revoked never lives on',
  async (order) => {
    const fixture = await openGrants()
    const { grants, ended } = fixture
    const top = await grants.create(consent(any), 'x')
    const create = () => grants.create(delegation(top.id, any), 'x')
    const revoke = () => grants.revoke(top.id, 'x')
    await Promise.allSettled(order === 'before' ? [create(), revoke()] : [revoke(), create()])
    expect(grants.list({})).not.toContainEqual(expect.objectContaining({ parent: top.id }))
    const all = grants.list({ includeRevoked: true }).filter(({ parent }) => parent === top.id)
    // Whatever stood on disk when its parent ended was written down as ended with it, for guards elsewhere.
    for (const { id } of all) expect(ended).toContain(id)
    const written = fixture.store.all("SELECT name FROM settings WHERE name LIKE 'ended %'")
    expect(written.map(({ name }) => String(name).slice(6)).toSorted()).toEqual(ended.toSorted())
  },
)

test('of two who revoke at the same moment one ended it, and one record says so', async () => {
  const { grants, actions, ended } = await openGrants()
  const { id } = await grants.create(consent(any), 'x')
  const both = await Promise.all([grants.revoke(id, 'x'), grants.revoke(id, 'y')])
  expect(both.flat()).toEqual([id])
  expect(ended).toEqual([id])
  expect(actions()).toEqual(['grant.create', 'grant.revoke'])
})

test('A16: a limit that is lowered while calls are taken ahead holds at once', async () => {
  for (let at = 0; at < 5; at++) {
    const { grants } = await openGrants()
    const { id } = await grants.create(consent({ ...any, limits: { calls: 1000 } }), 'x')
    let passed = 0
    const take = async () => void ((await grants.take(id, nothing)) ?? (passed += 1))
    await Promise.all([
      ...Array.from({ length: 120 }, take),
      grants.changeTerms(id, { ...any, limits: { calls: 10 } }, 'x'),
    ])
    const before = passed
    await Promise.all(Array.from({ length: 60 }, take))
    expect(passed - before).toBe(0)
  }
})

test('more capabilities do not cost calls that were taken ahead', async () => {
  const { grants } = await openGrants()
  const limits = { calls: 100 }
  const { id } = await grants.create(consent(terms([{ capability: 'tool:a/x' }], { limits })), 'x')
  let passed = 0
  for (let at = 0; at < 20; at++) {
    await grants.changeTerms(id, terms([{ capability: `tool:a/${at}` }], { limits }), 'x')
    for (let call = 0; call < 6; call++) if ((await grants.take(id, nothing)) === undefined) passed += 1
  }
  expect(passed).toBe(100)
})
