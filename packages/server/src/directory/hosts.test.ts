import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { chooseInterface, hostOf } from './choose-interface.ts'
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
const NO_TERMS = { allowHosts: [], isPublic: false }

const over = (url: string, protocolBinding = 'JSONRPC', protocolVersion = '1.0') => ({
  url,
  protocolBinding,
  protocolVersion,
})

describe('H6: an interface is used at the origin of its card, or where an administrator allowed it', () => {
  const cardUrl = 'https://good.example/.well-known/agent-card.json'

  test.each([
    ['https://good.example/a2a', true],
    ['https://good.example:443/a2a', true],
    ['https://GOOD.example/a2a', true],
    ['http://good.example/a2a', false],
    ['https://good.example:8443/a2a', false],
    ['https://good.example.evil.example/a2a', false],
    ['https://good.example@evil.example/a2a', false],
    ['https://evil.example/good.example', false],
    ['https://127.0.0.1/a2a', false],
    ['https://[::1]/a2a', false],
    ['http://169.254.169.254/latest', false],
    ['file:///etc/passwd', false],
    ['//good.example/a2a', false],
    ['', false],
  ])('%s: %s', (url, isUsed) => {
    const { chosen, judged } = chooseInterface([over(url)], { cardUrl, terms: NO_TERMS })
    expect(chosen !== undefined).toBe(isUsed)
    expect(judged[0]!.why === undefined).toBe(isUsed)
  })

  test('gRPC targets are hosts with ports, with and without a scheme', () => {
    const pick = (url: string) =>
      chooseInterface([over(url, 'GRPC')], { cardUrl, terms: NO_TERMS }).chosen !== undefined
    expect(['good.example:443', 'dns:///good.example:443', 'https://good.example'].map(pick)).toEqual([
      true,
      true,
      true,
    ])
    expect(['good.example:50051', 'evil.example:443', 'unix:/run/a.sock'].map(pick)).toEqual([
      false,
      false,
      false,
    ])
    expect(hostOf('grpc.good.example:50051')).toBe('grpc.good.example:50051')
  })

  test('a named host is exactly that host and port', () => {
    const terms = { ...NO_TERMS, allowHosts: ['grpc.good.example:50051'] }
    const pick = (url: string) =>
      chooseInterface([over(url, 'GRPC')], { cardUrl, terms }).chosen !== undefined
    expect(pick('grpc.good.example:50051')).toBe(true)
    expect(pick('grpc.good.example:50052')).toBe(false)
    expect(pick('x.grpc.good.example:50051')).toBe(false)
  })
})

test('the first interface that is spoken here is taken, unless another is chosen', () => {
  const at = 'https://good.example/a2a'
  const interfaces = [
    over(at, 'https://bindings.example/soap'),
    over(at, 'JSONRPC', '2.0'),
    over(at, 'HTTP+JSON', '1.0.1'),
    over(at, 'JSONRPC', '0.3.0'),
    over(at, 'GRPC'),
  ]
  const cardUrl = 'https://good.example/card.json'
  const choose = (more: object) =>
    chooseInterface(interfaces, { cardUrl, terms: { ...NO_TERMS, ...more } }).chosen
  expect(choose({})).toBe(interfaces[2])
  expect(choose({ binding: 'GRPC' })).toBe(interfaces[4])
  expect(choose({ version: '0.3' })).toBe(interfaces[3])
  expect(choose({ binding: 'HTTP+JSON', version: '0.3' })).toBeUndefined()
})

describe('H6 through the directory', () => {
  let dataDir: string
  let host: CardHost
  let evil: CardHost
  let house: DirectoryHouse

  beforeEach(async () => {
    dataDir = newDataDir()
    host = await startCardHost()
    evil = await startCardHost()
    house = await openDirectoryHouse(dataDir)
  })

  afterEach(async () => {
    await house.close()
    await host.close()
    await evil.close()
    removeDataDir(dataDir)
  })

  const evilHost = () => new URL(evil.origin).host

  test('H6: a card that points elsewhere is refused, in words that say how to allow it, and nothing goes there', async () => {
    host.cards.set(WELL_KNOWN, { card: sampleCard(`${evil.origin}/a2a`) })
    await expect(house.directory.add({ name: 'weather', cardUrl: host.origin }, ADMIN)).rejects.toMatchObject(
      {
        code: 'invalid_params',
        message: expect.stringContaining(`--allow-host ${evilHost()}`),
      },
    )
    expect(house.directory.agents()).toEqual([])
    expect(evil.seen).toEqual([])
  })

  test('H6: with the host allowed it is served', async () => {
    host.cards.set(WELL_KNOWN, { card: sampleCard(`${evil.origin}/a2a`) })
    await house.directory.add({ name: 'weather', cardUrl: host.origin, allowHosts: [evilHost()] }, ADMIN)
    expect(house.directory.entry('weather')).toBeDefined()
    await expect(house.directory.setTerms('weather', { allowHosts: [] }, ADMIN)).rejects.toMatchObject({
      code: 'invalid_params',
    })
    expect(house.directory.entry('weather')).toBeDefined()
  })

  test('H6: a card that moves its interface is held back, and can be approved only with its host', async () => {
    host.cards.set(WELL_KNOWN, { card: sampleCard(`${host.origin}/a2a`) })
    await house.directory.add({ name: 'weather', cardUrl: host.origin }, ADMIN)
    host.cards.set(WELL_KNOWN, { card: sampleCard(`${evil.origin}/a2a`) })
    const agent = await house.directory.refresh('weather')
    expect(agent.row.reason).toContain('None of its interfaces can be used')
    expect(agent.entry?.card.supportedInterfaces[0]?.url).toBe(`${host.origin}/a2a`)
    const hash = agent.row.cardHash!
    await expect(house.directory.approve('weather', { hash }, ADMIN)).rejects.toMatchObject({
      code: 'invalid_params',
    })
    expect(agent.entry?.card.supportedInterfaces[0]?.url).toBe(`${host.origin}/a2a`)
    await house.directory.approve('weather', { hash, allowHosts: [evilHost()] }, ADMIN)
    expect(agent.entry?.card.supportedInterfaces[0]?.url).toBe(`${evil.origin}/a2a`)
    expect(house.notes('card.approve')[0]).toContain(evilHost())
    expect(evil.seen).toEqual([])
  })
})
