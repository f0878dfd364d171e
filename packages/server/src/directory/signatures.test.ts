import { createServer, type Server } from 'node:http'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { signCard, type AgentCard } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { ManualClock } from '../lib/manual-clock.ts'
import {
  WELL_KNOWN,
  newDataDir,
  openDirectoryHouse,
  removeDataDir,
  sampleCard,
  startCardHost,
  type CardHost,
  type DirectoryHouse,
} from './test-kit.ts'

const ADMIN = 'key_admin'
const DAY_MS = 86_400_000

interface Signer {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly jwk: JsonObject
}

function signer(kid: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256' } as JsonObject }
}

const trusted = signer('trusted')
const stranger = signer('trusted')

let dataDir: string
let host: CardHost
let house: DirectoryHouse
let clock: ManualClock
/** Where the keys of a `jku` are: nobody may ever ask. */
let canary: Server
const asked: string[] = []

beforeEach(async () => {
  asked.length = 0
  canary = createServer((req, res) => {
    asked.push(req.url ?? '')
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [stranger.jwk] }))
  })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
  dataDir = newDataDir()
  host = await startCardHost()
  clock = new ManualClock(Date.UTC(2026, 10, 25))
  house = await openDirectoryHouse(dataDir, { clock })
})

afterEach(async () => {
  await house.close()
  await host.close()
  await new Promise((resolve) => canary.close(resolve))
  removeDataDir(dataDir)
})

const jku = () => `http://127.0.0.1:${(canary.address() as AddressInfo).port}/jwks.json`
const card = (more: JsonObject = {}) => sampleCard(`${host.origin}/a2a`, more)
const signed = (by: Signer, body = card()) =>
  signCard(body as unknown as AgentCard, { ...by, jku: jku() }) as unknown as JsonObject

function publish(body: JsonObject): void {
  host.cards.set(WELL_KNOWN, { card: body })
}

async function addWeather(body: JsonObject) {
  publish(body)
  return house.directory.add({ name: 'weather', cardUrl: host.origin }, ADMIN)
}

const enrol = (expiresAt: number | null = null) =>
  house.directory.addKeys('weather', { jwks: { keys: [trusted.jwk] }, expiresAt }, ADMIN)
const served = () => house.directory.entry('weather')

describe('H1: only an enrolled key makes a signature trusted', () => {
  test('a signature without an enrolled key counts for nothing, and its jku is not asked', async () => {
    const agent = await addWeather(signed(stranger))
    expect(agent.signature).toBe('untrusted')
    expect(served()).toBeDefined()
    await house.directory.refresh('weather')
    expect(asked).toEqual([])
  })

  test('with keys enrolled, an agent whose card they signed is served', async () => {
    const agent = await addWeather(signed(trusted))
    await enrol()
    expect(agent.signature).toBe('verified')
    expect(served()).toBeDefined()
    expect(house.actions()[0]).toBe('card.key.add')
    await house.close()
    house = await openDirectoryHouse(dataDir, { clock })
    expect(served()).toBeDefined()
  })

  test.each<[string, () => JsonObject]>([
    ['no signature', () => card()],
    ['the signature of a key that bears the same kid', () => signed(stranger)],
    ['a card altered after signing', () => ({ ...signed(trusted), description: 'Evil.' })],
    [
      'a skill more after signing',
      () => ({ ...signed(trusted), skills: [...(card().skills as []), skillOf('pay')] }),
    ],
    [
      'alg none',
      () => ({
        ...card(),
        signatures: [{ protected: base64({ alg: 'none', kid: 'trusted' }), signature: 'AA' }],
      }),
    ],
    [
      'HS256 with the public key as secret',
      () => ({
        ...card(),
        signatures: [{ protected: base64({ alg: 'HS256', kid: 'trusted' }), signature: 'AA' }],
      }),
    ],
  ])('with keys enrolled, %s is refused', async (_, body) => {
    await addWeather(body())
    const agent = await enrol()
    expect(served()).toBeUndefined()
    expect(agent.fault).toContain('not signed with a key that is enrolled')
    expect(agent.signature).not.toBe('verified')
    expect(asked).toEqual([])
  })

  test('a change that is not signed can never be approved; the signed one goes on', async () => {
    await addWeather(signed(trusted))
    await enrol()
    publish(signed(stranger, card({ description: 'Evil.' })))
    const agent = await house.directory.refresh('weather')
    expect(agent.row.reason).toContain('not signed')
    await expect(
      house.directory.approve('weather', { hash: agent.row.cardHash! }, ADMIN),
    ).rejects.toMatchObject({ code: 'invalid_params' })
    expect(served()!.card.description).toBe('Tells what the weather will be.')
    publish(signed(trusted, card({ description: 'Better.' })))
    await house.directory.refresh('weather')
    expect(agent.row.reason).toBe('changed since approval')
    await house.directory.approve('weather', { hash: agent.row.cardHash! }, ADMIN)
    expect(served()!.card.description).toBe('Better.')
  })

  test('a key that has expired is good no longer, at that moment and not at the next reading', async () => {
    await addWeather(signed(trusted))
    await enrol(clock.now() + DAY_MS)
    expect(served()).toBeDefined()
    clock.advance(DAY_MS)
    expect(served()).toBeUndefined()
  })

  test('a key that is removed is trusted no longer; without any the card need not be signed', async () => {
    await addWeather(signed(trusted))
    const other = signer('other')
    await enrol()
    await house.directory.addKeys('weather', { jwks: { keys: [other.jwk] }, expiresAt: null }, ADMIN)
    await house.directory.removeKey('weather', 'trusted', ADMIN)
    expect(served()).toBeUndefined()
    publish(signed(other))
    const agent = await house.directory.refresh('weather')
    expect(served()).toBeDefined()
    expect(agent.signature).toBe('verified')
    expect(house.actions()[0]).toBe('card.signature')
    await house.directory.removeKey('weather', 'other', ADMIN)
    publish(card())
    await house.directory.refresh('weather')
    expect(served()).toBeDefined()
  })

  test.each<[string, JsonObject]>([
    ['a private key', { keys: [trusted.privateKey.export({ format: 'jwk' })] }],
    ['no kid', { keys: [{ ...trusted.jwk, kid: undefined }] }],
    ['a symmetric key', { keys: [{ kty: 'oct', k: 'AAAA', kid: 'x' }] }],
    ['no keys', { keys: [] }],
    ['no key set', {}],
  ])('%s is not enrolled', async (_, jwks) => {
    await addWeather(signed(trusted))
    await expect(house.directory.addKeys('weather', { jwks, expiresAt: null }, ADMIN)).rejects.toMatchObject({
      code: 'invalid_params',
    })
    expect(house.directory.agent('weather').row.keys).toEqual([])
    expect(served()).toBeDefined()
  })
})

function skillOf(id: string): JsonObject {
  return { id, name: id, description: id, tags: ['x'] }
}

function base64(header: JsonObject): string {
  return Buffer.from(JSON.stringify(header)).toString('base64url')
}
