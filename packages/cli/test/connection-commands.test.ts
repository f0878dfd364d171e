import { afterAll, beforeAll, expect, test } from 'vitest'
import { startKeyedServer, type KeyedServer } from '../../server/test/keyed-server.ts'
import { signUpAdministrator } from '../../server/test/sign-in.ts'
import { startTestHub, type TestHub } from '../../server/test/start-test-hub.ts'
import { TerminalPerson } from './signed-in.ts'

const SECRET = 'zzSECRETtyped'
let hub: TestHub
let server: KeyedServer
let ada: TerminalPerson
beforeAll(async () => {
  server = await startKeyedServer('modern', [SECRET])
  hub = await startTestHub()
  await hub.api('POST', '/api/servers', { name: 'one', url: server.url })
  ada = new TerminalPerson((await signUpAdministrator(hub)).visitor)
  expect((await ada.run(['login', hub.url])).code).toBe(0)
})
afterAll(async () => {
  ada[Symbol.dispose]()
  await hub[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const typing = (...lines: string[]) => ({ readSecret: async () => lines.shift() })

test('a secret is typed, never an argument, and comes into no answer', async () => {
  const add = ['connections', 'add', 'one', '--header', 'X-Api-Key', '--account', 'desk']
  const added = await ada.run(add, typing(SECRET))
  expect(added).toMatchObject({ code: 0, errors: '' })
  expect(added.out).toMatch(/one {2}shared {2}headers {2}connected {2}desk .*con_/)
  const id = /con_\w+/.exec(added.out)![0]
  const all = await Promise.all([
    ada.run(['connections']),
    ada.run(['connections', '--json']),
    ada.run(['connections', 'show', id]),
    ada.run(['connections', 'test', id]),
    ada.run(['activity']),
  ])
  expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
  expect(all[3]!.out).toMatch(/^ok {3}tools\/list/m)
  expect(JSON.stringify([added, all])).not.toContain(SECRET)
  const silent = await ada.run(add, typing())
  expect(silent).toMatchObject({ code: 1 })
  expect(silent.errors).toContain('no secret to read')
  const bare = await ada.run(['connections', 'add', 'one'], typing('x'))
  expect(bare.errors).toContain('--bearer')
})

test('a person keeps their own, and rules say whose a call takes', async () => {
  expect((await ada.run(['connections', 'rule', 'one', 'own'])).out).toContain('one take: own')
  const own = await ada.run(['connections', 'add', 'one', '--bearer', '--own'], typing('mine'))
  const id = /con_\w+/.exec(own.out)![0]
  expect((await ada.run(['connections', 'list', '--own'])).out).toContain(id)
  expect((await ada.run(['connections'])).out).toMatch(/Calls to one take: own/)
  const tested = await ada.run(['connections', 'test', id, '--own'])
  expect(tested).toMatchObject({ code: 1 })
  expect(tested.out).toContain('FAIL')
  expect((await ada.run(['connections', 'remove', id, '--own', '--yes'])).out).toContain(`Removed ${id}`)
  expect((await ada.run(['connections', 'list', '--own'])).out).toBe('None.')
})
