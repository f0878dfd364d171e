import { describe, expect, test } from 'vitest'
import { startDocumentHost } from '../../test/document-host.ts'
import type { DocumentHost } from '../../test/document-host.ts'
import { startCanary } from '../egress/test-kit.ts'
import { openClients } from './fixtures/test-kit.ts'
import type { HouseOptions } from './fixtures/test-kit.ts'

const DOCUMENT = {
  client_name: 'Claude',
  redirect_uris: ['http://localhost/callback', 'https://claude.example/cb'],
  grant_types: ['authorization_code', 'refresh_token'],
}
const PATH = '/oauth/client.json'

async function openWithHost(options: HouseOptions = {}) {
  const host = await startDocumentHost()
  const house = await openClients({ hosts: [host.host], ...options })
  const url = host.origin + PATH
  host.serve(PATH, { ...DOCUMENT, client_id: url })
  return { ...house, host, url }
}

describe('AS4, AS5: client ID metadata documents', () => {
  test('the document is the client, native where it redirects to the machine itself', async () => {
    const { clients, url, host } = await openWithHost()
    expect(await clients.resolve(url)).toStrictEqual({
      kind: 'client',
      client: {
        ...DOCUMENT,
        client_id: url,
        application_type: 'native',
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        authorization_details_types: ['parley_capability'],
      },
    })
    expect(clients.findApp(url)).toMatchObject({ source: 'cimd', name: 'Claude', verifiedHost: host.host })
    expect(host.lastHeaders.accept).toBe('application/json')
    expect(host.lastHeaders).not.toHaveProperty('cookie')
  })

  test('nothing is kept before somebody grants it something; then its id stays', async () => {
    const { clients, url, store, records } = await openWithHost()
    await clients.resolve(url)
    const seen = clients.findApp(url)!
    expect(store.all('SELECT id FROM apps')).toHaveLength(0)
    const kept = await clients.keepApp(url)
    expect(kept.id).toBe(seen.id)
    expect(clients.app(kept.id)).toMatchObject({ clientId: url, lastUsedAt: expect.any(Number) })
    expect((await clients.keepApp(url)).id).toBe(seen.id)
    expect(records().filter(({ action }) => action === 'app.keep')).toHaveLength(1)
  })

  test('parallel consents keep one app', async () => {
    const { clients, url, store } = await openWithHost()
    const kept = await Promise.all(Array.from({ length: 10 }, () => clients.keepApp(url)))
    expect(new Set(kept.map(({ id }) => id)).size).toBe(1)
    expect(store.all('SELECT id FROM apps')).toHaveLength(1)
  })

  test('a suspended app stays out, document or not', async () => {
    const { clients, url, host } = await openWithHost()
    const { id } = await clients.keepApp(url)
    await clients.apps.suspend(id, 'key_admin')
    const asked = host.asked.length
    expect(await clients.resolve(url)).toMatchObject({ kind: 'refused' })
    await expect(clients.keepApp(url)).rejects.toMatchObject({ code: 'conflict' })
    expect(host.asked).toHaveLength(asked)
  })
})

describe('A12: what a document host may try', () => {
  const json = { 'content-type': 'application/json' }
  const variants: [string, (url: string) => Parameters<DocumentHost['serve']>[1]][] = [
    ['another client_id', (url) => ({ ...DOCUMENT, client_id: `${url}?` })],
    ['no client_id', () => DOCUMENT],
    ['no client_name', (url) => ({ ...DOCUMENT, client_id: url, client_name: undefined })],
    ['no redirect_uris', (url) => ({ ...DOCUMENT, client_id: url, redirect_uris: undefined })],
    ['a script as redirect', (url) => ({ ...DOCUMENT, client_id: url, redirect_uris: ['javascript:x'] })],
    [
      'a shared secret',
      (url) => ({ ...DOCUMENT, client_id: url, token_endpoint_auth_method: 'client_secret_post' }),
    ],
    ['a client_secret', (url) => ({ ...DOCUMENT, client_id: url, client_secret: 'x' })],
    ['a private key', (url) => ({ ...DOCUMENT, client_id: url, jwks: { keys: [{ kty: 'EC', d: 'x' }] } })],
    ['a list', (url) => [{ ...DOCUMENT, client_id: url }]],
    ['padding beyond the limit', (url) => ({ ...DOCUMENT, client_id: url, padding: 'x'.repeat(10_240) })],
    [
      'another type',
      (url) => (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' })
        response.end(JSON.stringify({ ...DOCUMENT, client_id: url }))
      },
    ],
    [
      'two of one key',
      (url) => (_, response) => {
        response.writeHead(200, json)
        response.end(`{"client_id":"https://evil.test/c","client_id":${JSON.stringify(url)}}`)
      },
    ],
    [
      'status 201',
      (url) => (_, response) => {
        response.writeHead(201, json)
        response.end(JSON.stringify({ ...DOCUMENT, client_id: url }))
      },
    ],
    [
      'an encoded body',
      (url) => (_, response) => {
        response.writeHead(200, { ...json, 'content-encoding': 'gzip' })
        response.end(JSON.stringify({ ...DOCUMENT, client_id: url }))
      },
    ],
    ['silence', () => () => {}],
    [
      'a byte now and then',
      () => (_, response) => {
        response.writeHead(200, json)
        const timer = setInterval(() => response.write(' '), 100)
        response.on('close', () => clearInterval(timer))
      },
    ],
  ]

  test.each(variants)('%s is refused and not remembered', async (_, answer) => {
    const { clients, url, host, store } = await openWithHost()
    host.serve(PATH, answer(url))
    expect(await clients.resolve(url)).toMatchObject({ kind: 'refused', why: expect.any(String) })
    expect(clients.findApp(url)).toBeUndefined()
    expect(store.all('SELECT id FROM apps')).toHaveLength(0)
    host.serve(PATH, { ...DOCUMENT, client_id: url })
    expect(await clients.resolve(url)).toMatchObject({ kind: 'client' })
  })

  test.each([301, 302, 303, 307, 308])('a redirect (%i) leads nowhere', async (status) => {
    const { clients, url, host } = await openWithHost()
    const canary = await startCanary()
    host.serve(PATH, (_, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${canary.port}/` })
      response.end()
    })
    expect(await clients.resolve(url)).toMatchObject({ kind: 'refused' })
    expect(canary.connections()).toBe(0)
    await canary.close()
  })

  test('A12, E1: what is not on the public internet is not asked, and the answer does not tell it apart', async () => {
    const canary = await startCanary()
    const { clients, logs } = await openClients({ hosts: ['localhost:1'] })
    const spellings = [
      `https://127.0.0.1:${canary.port}/c`,
      `https://localhost:${canary.port}/c`,
      `https://[::1]:${canary.port}/c`,
      `https://[::ffff:7f00:1]:${canary.port}/c`,
      'https://169.254.169.254/c',
      'https://10.0.0.1/c',
      'https://nowhere.invalid/c',
    ]
    const answers = await Promise.all(spellings.map((url) => clients.resolve(url)))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ kind: 'refused' })
    expect(canary.connections()).toBe(0)
    expect(logs).toHaveLength(spellings.length)
    await canary.close()
  })

  test('an allowance is for exactly its host and port', async () => {
    const { clients, host } = await openWithHost()
    const other = await startDocumentHost()
    const url = `${other.origin}${PATH}`
    other.serve(PATH, { ...DOCUMENT, client_id: url })
    expect(await clients.resolve(url)).toMatchObject({ kind: 'refused' })
    const literal = `https://127.0.0.1:${host.host.split(':')[1]}${PATH}`
    host.serve(PATH, { ...DOCUMENT, client_id: literal })
    expect(await clients.resolve(literal)).toMatchObject({ kind: 'refused' })
    expect(other.asked).toHaveLength(0)
  })

  test('few are fetched at a time from one host, each once', async () => {
    const { clients, host, url } = await openWithHost()
    const urls = Array.from({ length: 10 }, (_, index) =>
      host.serve(`/slow/${index}`, (_request, response) => void setTimeout(() => response.destroy(), 300)),
    )
    await Promise.all([...urls, ...urls].map((one) => clients.resolve(one)))
    expect(host.asked).toHaveLength(2)
    expect(await clients.resolve(url)).toMatchObject({ kind: 'client' })
  })
})

describe('AS5: documents are remembered as their headers say, within bounds', () => {
  async function openCached(control: string | undefined) {
    const house = await openWithHost()
    let name = 'Before'
    house.host.serve(PATH, (_, response) => {
      response.writeHead(200, {
        'content-type': 'application/json; charset=utf-8',
        ...(control === undefined ? {} : { 'cache-control': control }),
      })
      response.end(JSON.stringify({ ...DOCUMENT, client_id: house.url, client_name: name }))
    })
    await house.clients.resolve(house.url)
    name = 'After'
    const nameAfter = async (ms: number) => {
      house.clock.advance(ms)
      await house.clients.resolve(house.url)
      return house.clients.findApp(house.url)?.name
    }
    return { ...house, nameAfter }
  }

  test.each([
    [undefined, 299_000, 2000],
    ['no-store', 299_000, 2000],
    ['max-age=1', 299_000, 2000],
    ['public, max-age=3600', 3_599_000, 2000],
    ['max-age=99999999', 86_399_000, 2000],
  ])('%s', async (control, stillMs, thenMs) => {
    const { nameAfter } = await openCached(control)
    expect(await nameAfter(stillMs)).toBe('Before')
    expect(await nameAfter(thenMs)).toBe('After')
  })

  test('A12: what changed is read anew and judged anew', async () => {
    const { clients, clock, host, url } = await openWithHost()
    await clients.keepApp(url)
    host.serve(PATH, { ...DOCUMENT, client_id: url, redirect_uris: ['https://evil.test/cb'] })
    clock.advance(301_000)
    expect(await clients.resolve(url)).toMatchObject({ client: { redirect_uris: ['https://evil.test/cb'] } })
    host.serve(PATH, { ...DOCUMENT, client_id: url, redirect_uris: ['javascript:x'] })
    clock.advance(301_000)
    expect(await clients.resolve(url)).toMatchObject({ kind: 'refused' })
  })

  test('D10: only so many are remembered, the least used go first', async () => {
    const { clients, host } = await openWithHost({ rememberedDocuments: 3 })
    const urls = ['/1', '/2', '/3', '/4'].map((path) =>
      host.serve(path, { ...DOCUMENT, client_id: host.origin + path }),
    )
    for (const url of [...urls.slice(0, 3), urls[0]!, urls[3]!]) await clients.resolve(url)
    expect(urls.map((url) => clients.findApp(url) !== undefined)).toStrictEqual([true, false, true, true])
  })
})

describe('A12: keys of a document', () => {
  test('jwks_uri is fetched by the same rules, and is fresh for an hour at most', async () => {
    const { clients, host } = await openWithHost()
    const uri = host.serve('/jwks', (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=999999' })
      response.end('{"keys":[]}')
    })
    const answer = await clients.fetchKeys(uri)
    expect(await answer.json()).toStrictEqual({ keys: [] })
    expect(answer.headers.get('cache-control')).toBe('max-age=3600')
    await expect(clients.fetchKeys('http://localhost:1/jwks')).rejects.toThrow()
    await expect(clients.fetchKeys('https://10.0.0.1/jwks')).rejects.toMatchObject({ code: 'egress_refused' })
  })
})
