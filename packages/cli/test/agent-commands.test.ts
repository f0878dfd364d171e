import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCardHost, sampleCard, WELL_KNOWN, type CardHost } from '../../server/src/directory/test-kit.ts'
import { startSdkAgent, type SdkAgent } from '../../server/test/sdk-agent.ts'
import { signUpAdministrator } from '../../server/test/sign-in.ts'
import { startTestHub, type TestHub } from '../../server/test/start-test-hub.ts'
import { TerminalPerson } from './signed-in.ts'

let hub: TestHub
let ada: TerminalPerson
let agent: SdkAgent
let host: CardHost
beforeAll(async () => {
  hub = await startTestHub()
  agent = await startSdkAgent({ name: 'Worker' })
  host = await startCardHost()
  ada = new TerminalPerson((await signUpAdministrator(hub)).visitor)
  expect((await ada.run(['login', hub.url])).code).toBe(0)
})
afterAll(async () => {
  ada[Symbol.dispose]()
  await agent[Symbol.asyncDispose]()
  await host.close()
  await hub[Symbol.asyncDispose]()
})

async function ok(...argv: string[]): Promise<string> {
  const { code, out, errors } = await ada.run(argv)
  expect([code, errors], argv.join(' ')).toEqual([0, ''])
  return out
}

const json = async (...argv: string[]) => JSON.parse(await ok(...argv, '--json'))

test('an agent of the SDK: add, test, list, show, search, remove', async () => {
  expect(await ok('agents', 'add', 'worker', '--card', agent.origin)).toMatch(
    /agent +worker \(Worker .*\n.*added by an administrator\n.*\n.*JSONRPC 1\.0/,
  )
  const tested = await ok('agents', 'test', 'worker')
  expect(tested).toMatch(
    /^ok {3}read the card: the approved one.*\nok {3}is it approved: yes.*\nok {3}ask the agent: JSONRPC 1\.0/,
  )
  expect(await ok('agents')).toMatch(/worker +ready +JSONRPC 1\.0 +1 skills +no identity/)
  expect(await ok('agents', 'show', 'worker')).toContain(`endpoint   ${hub.url}/a2a/agents/worker`)
  await ok('agents', 'add', 'worker', '--out', 'worker.json')
  expect(await ok('agents', 'show', 'worker')).toMatch(/client_id|id +agt_/)
  expect((await json('agents', 'list')).agents).toMatchObject([
    { name: 'worker', card: { served: true }, identity: { state: 'active' } },
  ])
  expect(await ok('agents', 'search', 'first word of a message')).toMatch(/^worker {2}Worker: .*\n {2}work: /)
  expect(await ok('agents', 'search', '--tag', 'nothing')).toContain('No agent was found')
  expect(await ok('agents', 'remove', 'worker', '--yes')).toContain('no more')
  expect((await json('agents', 'show', 'worker')).card).toBeNull()
})

test('H6: an interface elsewhere is left out until its host is allowed', async () => {
  const grpc = new URL(agent.url('GRPC')).host
  const add = ['agents', 'add', 'grpc-worker', '--card', agent.origin, '--binding', 'GRPC']
  const refused = await ada.run(add)
  expect(refused.code).not.toBe(0)
  expect(refused.errors).toContain(`--allow-host ${grpc}`)
  const added = await ok(...add, '--allow-host', grpc)
  expect(added).toContain('it calls itself like the workload "worker"')
  expect(await ok('agents', 'review', 'grpc-worker', '--approve')).toMatch(/ready(.|\n)*GRPC 1\.0/)
  await ok('agents', 'remove', 'grpc-worker', '--yes')
})

test('a changed card: reviewed, rejected, approved; keys refuse an unsigned one', async () => {
  host.cards.set(WELL_KNOWN, { card: sampleCard(`${host.origin}/a2a`) })
  await ok('agents', 'add', 'weather', '--card', host.origin)
  expect(await ok('agents', 'review', 'weather')).toContain('Nothing is held back')
  host.cards.set(WELL_KNOWN, { card: sampleCard(`${host.origin}/a2a`, { description: 'Other.' }) })
  expect(await ok('agents', 'refresh', 'weather')).toContain('change held back')
  expect(await ok('agents', 'review', 'weather')).toMatch(
    /held back: changed since approval\n {4}card changed\n {6}\/description: "Tells.*" → "Other\."/,
  )
  expect(await ok('agents', 'review', 'weather', '--reject')).toContain('rejected by a reviewer')
  expect(await ok('agents', 'review', 'weather', '--approve')).not.toContain('held back')
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }] }
  writeFileSync(join(ada.directory, 'keys.json'), JSON.stringify(jwks))
  expect(await ok('agents', 'keys', 'weather', '--add-keys', 'keys.json', '--days', '9')).toMatch(
    /not served(.|\n)*key +one until(.|\n)*not signed with a key/,
  )
  expect(await ok('agents', 'keys', 'weather', '--remove-key', 'one', '--yes')).not.toContain('not served')
  expect(await ok('agents', 'change', 'weather', '--public')).toContain('public')
})

test('an agent is let send its own card, and nobody else is', async () => {
  await ok('agents', 'add', 'night-shift', '--secret')
  const grant = await json('grants', 'add', '--agent', 'night-shift', '--own-card')
  expect(grant.terms).toMatchObject({
    capabilities: [],
    audiences: { [`${hub.url}/api`]: ['hub:manage'], [`${hub.url}/a2a`]: ['a2a'] },
  })
  const { errors } = await ada.run(['grants', 'add', '--group', 'everyone', '--own-card'])
  expect(errors).toContain('Only an agent')
})

test('mistakes are told with their way out', async () => {
  const told = async (...argv: string[]) => (await ada.run(['agents', ...argv])).errors
  expect(await told('show', 'nobody')).toContain('no agent "nobody"')
  expect(await told('add', 'x', '--card', 'missing.json')).toContain('cannot be read')
  expect(await told('change', 'weather')).toContain('--allow-host')
  expect(await told('review', 'weather', '--approve', '--reject')).toContain('either')
})
