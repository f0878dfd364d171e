import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getTokens, openApp } from './oauth-app.ts'
import { signUp, signUpAdministrator, type SignedIn } from './sign-in.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

let hub: TestHub
let ada: SignedIn
beforeAll(async () => {
  hub = await startTestHub('limits: { backups: 2 }')
  ada = await signUpAdministrator(hub)
})
afterAll(() => hub[Symbol.asyncDispose]())

/** A person with a role, and the management API as they reach it with all scopes they may have. */
async function join(role: 'operator' | 'auditor' | 'member') {
  const who = await signUp(hub, `${crypto.randomUUID()}@example.com`, [role])
  const about = { resource: `${hub.url}/api`, scope: 'hub:read hub:manage' }
  const { access_token: token } = await getTokens(await openApp(hub.url), who.visitor, about)
  return {
    ...who,
    async call(method: string, path: string, body?: unknown) {
      const response = await fetch(hub.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: (await response.json()) as any }
    },
  }
}

test('G12: no role but admin can raise itself: by roles, groups, grants, links, agents’ keys or the hub’s', async () => {
  const agent = (await hub.api('POST', '/api/agents', { name: 'worker' })).body.agent
  const group = (await hub.api('POST', '/api/groups', { name: 'Trusted' })).body
  const grant = (await hub.api('GET', '/api/grants')).body.grants[0]
  const before = (await hub.api('GET', `/api/agents/${agent.id}`)).body.proofs
  for (const role of ['operator', 'auditor', 'member'] as const) {
    const { call, person } = await join(role)
    const terms = { audiences: {}, capabilities: [{ capability: '*' }], limits: {}, expiresAt: null }
    const tries = [
      ['PUT', `/api/people/${person}/roles`, { roles: ['admin'] }],
      ['PUT', `/api/groups/${group.id}/members/${person}`, {}],
      ['POST', '/api/invitations', { email: 'second@example.com', roles: ['admin'] }],
      ['POST', `/api/people/${ada.person}/reset`, {}],
      ['POST', '/api/grants', { holder: { kind: 'person', id: person }, terms }],
      ['POST', '/api/grants', { holder: { kind: 'agent', id: agent.id }, terms }],
      ['PUT', `/api/grants/${grant.id}/terms`, { terms }],
      ['DELETE', `/api/grants/${grant.id}`, undefined],
      ['POST', `/api/agents/${agent.id}/keys`, {}],
      ['POST', '/api/keys/rotate', {}],
      ['POST', '/api/keys/bootstrap/retire', {}],
      ['DELETE', `/api/people/${ada.person}`, undefined],
    ] as const
    for (const [method, path, body] of tries)
      expect([role, path, (await call(method, path, body)).status]).toEqual([role, path, 403])
    expect(hub.hub.people.find(person)).toMatchObject({ roles: [role], groups: [] })
  }
  expect((await hub.api('GET', `/api/agents/${agent.id}`)).body.proofs).toEqual(before)
  expect((await hub.api('POST', `/api/agents/${agent.id}/keys`, {})).status).toBe(200)
})

test('G12: an operator backs up so often and one at a time, deletes none, and each is on record', async () => {
  const { call } = await join('operator')
  const backups = () => readdirSync(hub.dataDir).filter((name) => name.startsWith('backup-'))
  const raced = await Promise.all([1, 2, 3].map(() => call('POST', '/api/backup', {})))
  expect(raced.map(({ status }) => status).toSorted()).toEqual([200, 409, 409])
  const [first] = backups()
  expect((await call('POST', '/api/backup', {})).status).toBe(200)
  const refused = await call('POST', '/api/backup', {})
  expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } })
  expect(refused.body.detail).toContain('limits.backups')
  expect(backups()).toHaveLength(2)
  expect(backups()).toContain(first)
  const { records } = (await hub.api('GET', '/api/activity')).body
  const made = records.filter(({ action }: { action: string }) => action === 'hub.backup')
  expect(made.map(({ note }: { note: string }) => note).toSorted()).toEqual(backups().toSorted())
})
