import { describe, expect, test } from 'vitest'
import { newDataDir, openClients } from './fixtures/test-kit.ts'

const BY = 'key_admin'
const APP = { client_name: 'Cursor', redirect_uris: ['http://localhost/cb'] }
const DECLARED = [{ clientId: 'cursor', name: 'Cursor', redirectUris: ['cursor://callback'] }]

describe('apps that an administrator adds', () => {
  test('a public client by default, confidential on demand, its secret told once', async () => {
    const { clients } = await openClients()
    const open = await clients.apps.create(APP, BY)
    expect(open.secret).toBeUndefined()
    expect(await clients.resolve(open.app.clientId)).toMatchObject({
      client: { token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'] },
    })
    const closed = await clients.apps.create(
      { ...APP, token_endpoint_auth_method: 'client_secret_basic' },
      BY,
    )
    expect(clients.matchesSecret(closed.app.clientId, closed.secret!)).toBe(true)
    expect(clients.matchesSecret(open.app.clientId, closed.secret!)).toBe(false)
    expect(clients.apps.list().map(({ id }) => id)).toContain(open.app.id)
  })

  test('A2, A9: by the rules that hold for all', async () => {
    const { clients } = await openClients()
    for (const bad of [
      { ...APP, redirect_uris: ['http://app.example/cb'] },
      { ...APP, client_name: '\u202e' },
    ])
      await expect(clients.apps.create(bad, BY)).rejects.toMatchObject({ code: 'invalid_params' })
    expect(clients.apps.list()).toHaveLength(0)
  })

  test('G7: suspended, it is no client and is cut off; resumed, it is one again', async () => {
    const { clients, revoked } = await openClients()
    const { app } = await clients.apps.create(APP, BY)
    await clients.apps.suspend(app.id, BY)
    expect(await clients.resolve(app.clientId)).toMatchObject({ kind: 'refused' })
    expect(revoked).toMatchObject([{ kind: 'app', id: app.clientId }])
    await clients.apps.resume(app.id, BY)
    expect(await clients.resolve(app.clientId)).toMatchObject({ kind: 'client' })
  })

  test('removed, its tokens and grants end', async () => {
    const { clients, revoked, store } = await openClients()
    const { app, secret } = await clients.apps.create(
      { ...APP, token_endpoint_auth_method: 'client_secret_post' },
      BY,
    )
    await clients.apps.remove(app.id, BY)
    expect(await clients.resolve(app.clientId)).toMatchObject({ kind: 'refused' })
    expect(clients.matchesSecret(app.clientId, secret!)).toBe(false)
    expect(revoked).toMatchObject([{ kind: 'app', id: app.clientId }])
    expect(store.all('SELECT * FROM client_proofs')).toHaveLength(0)
    await expect(clients.apps.remove(app.id, BY)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('apps of parley.yaml', () => {
  test('are there under their own client_id, follow the file, and go with it', async () => {
    const dataDir = newDataDir()
    const restart = async (declared: typeof DECLARED) => {
      const house = await openClients({ dataDir, declared })
      const close = async () => {
        await house.clients[Symbol.asyncDispose]()
        await house.store[Symbol.asyncDispose]()
      }
      return { ...house, close }
    }
    const first = await restart(DECLARED)
    const id = first.clients.findApp('cursor')!.id
    expect(await first.clients.resolve('cursor')).toMatchObject({ client: { application_type: 'native' } })
    await expect(first.clients.apps.remove(id, BY)).rejects.toMatchObject({ code: 'conflict' })
    await first.close()

    const second = await restart([{ ...DECLARED[0]!, redirectUris: ['https://cursor.example/cb'] }])
    expect(second.clients.findApp('cursor')).toMatchObject({
      id,
      redirectUris: ['https://cursor.example/cb'],
    })
    expect(second.records().map(({ action }) => action)).toContain('app.change')
    await second.close()

    const third = await restart([])
    expect(third.clients.findApp('cursor')).toBeUndefined()
    expect(third.revoked).toMatchObject([{ kind: 'app', id: 'cursor' }])
    await third.close()
  })

  test('a redirect that may not be is named at the start', async () => {
    const declared = [{ ...DECLARED[0]!, redirectUris: ['http://app.example/cb'] }]
    await expect(openClients({ declared })).rejects.toThrow('apps.cursor')
  })
})
