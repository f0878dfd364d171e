import { createPublicKey, sign, verify, createPrivateKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { openClients } from './fixtures/test-kit.ts'

const BY = 'key_admin'
const NEW_KEY = { kind: 'new-key' } as const
const SECRET = { kind: 'secret' } as const

describe('X1: agents prove themselves by a key or a secret', () => {
  test('a key made here: the private half is told once and kept nowhere', async () => {
    const { clients, store } = await openClients()
    const { agent, shownOnce } = await clients.agents.create(
      { name: 'reporter', owner: null, proof: NEW_KEY },
      BY,
    )
    const privateKey = shownOnce.kind === 'private-key' ? shownOnce.privateKey : {}
    const resolution = await clients.resolve(agent.id)
    expect(resolution).toMatchObject({
      kind: 'client',
      client: {
        client_id: agent.id,
        grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'private_key_jwt',
      },
    })
    const [publicKey] = resolution.kind === 'client' ? resolution.client.jwks!.keys : []
    expect(publicKey).not.toHaveProperty('d')
    const signature = sign(
      null,
      Buffer.from('x'),
      createPrivateKey({ key: { ...privateKey }, format: 'jwk' }),
    )
    const isTheirs = verify(
      null,
      Buffer.from('x'),
      createPublicKey({ key: { ...publicKey }, format: 'jwk' }),
      signature,
    )
    expect(isTheirs).toBe(true)
    const kept = ['agents', 'client_proofs', 'activity'].map((table) => store.all(`SELECT * FROM ${table}`))
    expect(JSON.stringify(kept)).not.toContain(privateKey['d'])
  })

  test('own keys are public ones', async () => {
    const { clients } = await openClients()
    const jwks = { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }
    const made = clients.agents.create({ name: 'a', owner: null, proof: { kind: 'own-keys', jwks } }, BY)
    await expect(made).rejects.toMatchObject({ code: 'invalid_params' })
    expect(clients.agents.list()).toHaveLength(0)
  })

  test('a secret is kept as its hash', async () => {
    const { clients, store } = await openClients()
    const { agent, shownOnce } = await clients.agents.create(
      { name: 'reporter', owner: null, proof: SECRET },
      BY,
    )
    const secret = shownOnce.kind === 'secret' ? shownOnce.secret : ''
    expect(clients.matchesSecret(agent.id, secret)).toBe(true)
    expect(clients.matchesSecret(agent.id, '')).toBe(false)
    expect(JSON.stringify(store.all('SELECT * FROM client_proofs'))).not.toContain(secret)
  })
})

describe('H7: one agent does not pass for another', () => {
  test.each(['mail', 'mai1', 'ma-il', 'Mail', 'mail_agent', 'm\u0430il', '', 'x'.repeat(41)])(
    '%j',
    async (name) => {
      const { clients } = await openClients()
      await clients.agents.create({ name: 'mail', owner: null, proof: SECRET }, BY)
      await expect(clients.agents.create({ name, owner: null, proof: SECRET }, BY)).rejects.toThrow()
      expect(clients.agents.list()).toHaveLength(1)
    },
  )

  test('nor for one that is retired', async () => {
    const { clients } = await openClients()
    const { agent } = await clients.agents.create({ name: 'mail', owner: null, proof: SECRET }, BY)
    await clients.agents.retire(agent.id, BY)
    await expect(
      clients.agents.create({ name: 'mai1', owner: null, proof: SECRET }, BY),
    ).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  test('two at the same moment: one', async () => {
    const { clients } = await openClients()
    const made = await Promise.allSettled(
      Array.from({ length: 10 }, () =>
        clients.agents.create({ name: 'mail', owner: null, proof: SECRET }, BY),
      ),
    )
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('D10: there are only so many', async () => {
    const { clients } = await openClients({ limits: { agents: 1 } })
    await clients.agents.create({ name: 'one', owner: null, proof: SECRET }, BY)
    await expect(
      clients.agents.create({ name: 'two', owner: null, proof: SECRET }, BY),
    ).rejects.toMatchObject({
      code: 'conflict',
    })
  })
})

describe('the life of an agent', () => {
  async function openAgent() {
    const house = await openClients({
      grants: [{ id: 'gra_1', holder: { kind: 'agent', id: 'agt_other' } }],
    })
    const { agent, shownOnce } = await house.clients.agents.create(
      { name: 'mail', owner: null, proof: SECRET },
      BY,
    )
    return { ...house, id: agent.id, secret: shownOnce.kind === 'secret' ? shownOnce.secret : '' }
  }

  test('G7: suspended, it is no client, and what it holds is cut off; resumed, it is one again', async () => {
    const { clients, id, revoked, records, secret } = await openAgent()
    await clients.agents.suspend(id, BY)
    expect(await clients.resolve(id)).toMatchObject({ kind: 'refused' })
    expect(revoked).toStrictEqual([{ kind: 'agent', id, at: 1_700_000_000 }])
    await clients.agents.suspend(id, BY)
    expect(revoked).toHaveLength(1)
    await clients.agents.resume(id, BY)
    expect(await clients.resolve(id)).toMatchObject({ kind: 'client' })
    expect(clients.matchesSecret(id, secret)).toBe(true)
    expect(records().map(({ action }) => action)).toStrictEqual([
      'agent.resume',
      'agent.suspend',
      'agent.create',
    ])
  })

  test('retired, it is gone for good, keys included', async () => {
    const { clients, id, revoked, secret, revokedGrants } = await openAgent()
    await clients.agents.retire(id, BY)
    expect(await clients.resolve(id)).toMatchObject({ kind: 'refused' })
    expect(clients.matchesSecret(id, secret)).toBe(false)
    expect(revoked).toHaveLength(1)
    expect(revokedGrants).not.toContain('gra_1')
    for (const again of [
      clients.agents.resume(id, BY),
      clients.agents.suspend(id, BY),
      clients.agents.rotate(id, { proof: SECRET, graceMs: 0 }, BY),
      clients.agents.setOwner(id, null, BY),
    ])
      await expect(again).rejects.toMatchObject({ code: 'conflict' })
    expect((await clients.agents.retire(id, BY)).state).toBe('retired')
  })

  test('a rotation leaves the old secret its grace, and no longer', async () => {
    const { clients, id, secret, clock } = await openAgent()
    const fresh = await clients.agents.rotate(id, { proof: SECRET, graceMs: 60_000 }, BY)
    const next = fresh.kind === 'secret' ? fresh.secret : ''
    expect([clients.matchesSecret(id, secret), clients.matchesSecret(id, next)]).toStrictEqual([true, true])
    clock.advance(60_001)
    expect([clients.matchesSecret(id, secret), clients.matchesSecret(id, next)]).toStrictEqual([false, true])
    await clients.agents.rotate(id, { proof: SECRET, graceMs: 0 }, BY)
    expect(clients.matchesSecret(id, next)).toBe(false)
    expect(clients.agents.proofs(id)).toHaveLength(1)
  })

  test('A17: a rotation does not change how it proves itself', async () => {
    const { clients, id } = await openAgent()
    await expect(clients.agents.rotate(id, { proof: NEW_KEY, graceMs: 0 }, BY)).rejects.toMatchObject({
      code: 'invalid_params',
    })
  })

  test('D10: rotations do not pile up', async () => {
    const { clients, id } = await openAgent()
    const rotate = () => clients.agents.rotate(id, { proof: SECRET, graceMs: 60_000 }, BY)
    for (let count = 0; count < 9; count++) await rotate()
    await expect(rotate()).rejects.toMatchObject({ code: 'conflict' })
    await clients.agents.rotate(id, { proof: SECRET, graceMs: 0 }, BY)
    expect(clients.agents.proofs(id)).toHaveLength(1)
  })

  test('its use is noted once an hour', async () => {
    const { clients, id, clock } = await openAgent()
    await Promise.all([clients.noteUse(id), clients.noteUse(id)])
    const first = clients.agent(id)!.lastUsedAt
    clock.advance(3_599_000)
    await clients.noteUse(id)
    expect(clients.agent(id)!.lastUsedAt).toBe(first)
    clock.advance(2000)
    await clients.noteUse(id)
    expect(clients.agent(id)!.lastUsedAt).toBe(clock.now())
  })
})
