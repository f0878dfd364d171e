import { MANAGEMENT_ACTIONS, type GroupId, type Principal, type Role } from '@parley/contract'
import { expect, test } from 'vitest'
import { PERSON, consent, delegation, openGrants, terms } from '../grants/grants-fixture.ts'
import { EVERYONE, type Grants } from '../grants/index.ts'
import { ROLE_ACTIONS, createAccess } from './index.ts'

const GROUP: GroupId = 'grp_00000000000000000000000009'

function accessOf(grants: Grants, facts: { roles?: readonly Role[]; groups?: readonly GroupId[] } = {}) {
  return createAccess({
    grants,
    people: { rolesOf: () => facts.roles ?? [], groupsOf: () => facts.groups ?? [] },
  })
}

function holder(grant: Principal['grant'], scopes: readonly string[] = ['mcp']): Principal {
  return {
    subject: String(grant),
    ...(grant === undefined ? {} : { grant }),
    person: PERSON,
    chain: [],
    roles: [],
    assurance: { kind: 'token', acr: 'urn:parley:2fa', amr: ['pwd', 'otp'] },
    scopes,
  }
}

const calling = (principal: Principal, args?: () => unknown) => ({
  principal,
  action: 'mcp.call' as const,
  capability: 'tool:files/write' as const,
  ...(args ? { args } : {}),
})

/** Takes the entitlement away that everyone has at first. */
async function closeEverything(grants: Grants): Promise<void> {
  const [row] = grants.entitlementsOf({ kind: 'group', id: EVERYONE })
  await grants.revoke(row!.id, 'x')
}

test('G3: without a grant nothing is allowed, listed or counted', async () => {
  const { grants } = await openGrants()
  const access = accessOf(grants, { roles: ['admin'] })
  expect(access.decide(calling(holder(undefined))).kind).toBe('deny')
  expect(access.visible(holder(undefined))('tool:files/write')).toBe(false)
})

test('a call needs the grant, and its answer is the same object each time', async () => {
  const { grants } = await openGrants()
  const { id } = await grants.create(consent(terms([{ capability: 'tool:files/*' }])), 'x')
  const access = accessOf(grants)
  const decision = access.decide(calling(holder(id)))
  expect(decision).toMatchObject({ kind: 'allow', policies: ['builtin:grant'] })
  expect(access.decide(calling(holder(id)))).toBe(decision)
})

test('what a person may have but has not granted is asked for, what they may not have is denied', async () => {
  const { grants } = await openGrants()
  const { id } = await grants.create(consent(terms([{ capability: 'tool:files/read' }])), 'x')
  const access = accessOf(grants)
  expect(access.decide(calling(holder(id)))).toMatchObject({ kind: 'consent', missing: ['tool:files/write'] })
  expect(access.visible(holder(id))('tool:files/write')).toBe(false)
  expect(access.visible(holder(id))('tool:files/read')).toBe(true)
  await closeEverything(grants)
  expect(access.decide(calling(holder(id))).kind).toBe('deny')
  expect(access.visible(holder(id))('tool:files/write')).toBe(false)
})

test('a grant is worth no more than what its person is entitled to, alone or through a group', async () => {
  const { grants } = await openGrants()
  const { id } = await grants.create(consent(terms([{ capability: '*' }])), 'x')
  await closeEverything(grants)
  expect(accessOf(grants).decide(calling(holder(id))).kind).toBe('deny')
  const entitlement = { kind: 'entitlement', person: null, parent: null } as const
  const given = terms([{ capability: 'tool:files/write', where: [{ pointer: '/path', prefix: '/tmp/' }] }])
  await grants.create({ ...entitlement, holder: { kind: 'group', id: GROUP }, terms: given }, 'x')
  expect(accessOf(grants).decide(calling(holder(id))).kind).toBe('deny')
  const member = accessOf(grants, { groups: [GROUP] })
  expect(member.decide(calling(holder(id), () => ({ path: '/tmp/a' }))).kind).toBe('allow')
  expect(member.decide(calling(holder(id), () => ({ path: '/etc/a' }))).kind).toBe('deny')
})

test('who stands behind a grant is said by the grant, also when the token names nobody', async () => {
  const { grants } = await openGrants()
  const { id } = await grants.create(consent(terms([{ capability: '*' }])), 'x')
  await closeEverything(grants)
  const { person: _person, ...nobody } = holder(id)
  expect(accessOf(grants).decide(calling(nobody)).kind).toBe('deny')
})

test('A14, RS7: a token is narrowed by its scopes, mcp stands for all of the grant', async () => {
  const { grants } = await openGrants()
  const { id } = await grants.create(consent(terms([{ capability: '*' }])), 'x')
  const access = accessOf(grants)
  const decide = (scopes: string[]) => access.decide(calling(holder(id, scopes)))
  expect(decide(['mcp']).kind).toBe('allow')
  expect(decide(['tool:files/write']).kind).toBe('allow')
  expect(decide(['tool:files/read', 'hub:manage'])).toMatchObject({
    kind: 'scope',
    missing: ['tool:files/write'],
  })
  expect(decide([]).kind).toBe('scope')
})

test('a call that names no arguments meets no constraint; a list shows what some would do for', async () => {
  const { grants } = await openGrants()
  const rule = { capability: 'tool:files/write', where: [{ pointer: '/path', prefix: '/tmp/' }] }
  const { id } = await grants.create(consent(terms([rule])), 'x')
  const access = accessOf(grants)
  expect(access.decide(calling(holder(id))).kind).not.toBe('allow')
  expect(access.decide({ ...calling(holder(id)), action: 'mcp.list' }).kind).toBe('allow')
})

test('the arguments of a call are read once, however many rules ask', async () => {
  const { grants } = await openGrants()
  const rules = Array.from({ length: 50 }, (_, at) => ({
    capability: 'tool:files/*',
    where: [{ pointer: '/path', equals: `/${at}` }],
  }))
  const top = await grants.create(consent(terms(rules)), 'x')
  const { id } = await grants.create(delegation(top.id, terms(rules)), 'x')
  let reads = 0
  const args = () => ({ path: `/${(reads += 1) + 48}` })
  expect(accessOf(grants).decide(calling(holder(id), args)).kind).toBe('allow')
  expect(reads).toBe(1)
})

test('a delegation that lacks something is denied, not asked for', async () => {
  const { grants } = await openGrants()
  const top = await grants.create(consent(terms([{ capability: '*' }])), 'x')
  const { id } = await grants.create(delegation(top.id, terms([{ capability: 'tool:files/read' }])), 'x')
  expect(accessOf(grants).decide(calling(holder(id))).kind).toBe('deny')
})

test('an ended grant denies', async () => {
  const { grants } = await openGrants()
  const { id } = await grants.create(consent(terms([{ capability: '*' }])), 'x')
  await grants.revoke(id, 'x')
  expect(accessOf(grants).decide(calling(holder(id)))).toMatchObject({
    kind: 'deny',
    reason: 'The grant has ended.',
  })
})

test.each(Object.keys(ROLE_ACTIONS) as Role[])(
  '%s may do what the table says, with the scope for it',
  async (role) => {
    const { grants } = await openGrants()
    const access = accessOf(grants, { roles: [role] })
    const decide = (action: (typeof MANAGEMENT_ACTIONS)[number], scopes: string[]) =>
      access.decide({ principal: holder(undefined, scopes), action }).kind
    for (const action of MANAGEMENT_ACTIONS) {
      const allowed = ROLE_ACTIONS[role].has(action)
      expect([action, decide(action, ['hub:manage'])]).toEqual([action, allowed ? 'allow' : 'deny'])
      const reads = action.endsWith('.read') ? 'allow' : 'scope'
      expect([action, decide(action, ['hub:read'])]).toEqual([action, allowed ? reads : 'deny'])
      expect([action, decide(action, ['mcp'])]).toEqual([action, allowed ? 'scope' : 'deny'])
    }
  },
)

test('an agent that acts for itself, and whoever has no account, manage nothing', async () => {
  const { grants } = await openGrants()
  const access = accessOf(grants, { roles: ['admin'] })
  const { person: _person, ...agent } = holder(undefined, ['hub:manage'])
  expect(access.decide({ principal: agent, action: 'servers.manage' }).kind).toBe('deny')
})
