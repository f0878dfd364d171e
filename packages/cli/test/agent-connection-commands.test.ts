import { afterAll, beforeAll, expect, test } from 'vitest'
import { say, startAgentHub, type AgentHub } from '../../server/test/start-agent-hub.ts'
import { signUpAdministrator } from '../../server/test/sign-in.ts'
import { TerminalPerson } from './signed-in.ts'

const SECRET = 'zzSECRET'
const CARD = {
  securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'X-Api-Key' } } },
  securityRequirements: [{ schemes: { key: { list: [] } } }],
}
let opened: AgentHub
let ada: TerminalPerson
beforeAll(async () => {
  opened = await startAgentHub({ agent: { card: CARD } })
  ada = new TerminalPerson((await signUpAdministrator(opened.hub)).visitor)
  expect((await ada.run(['login', opened.hub.url])).code).toBe(0)
})
afterAll(async () => {
  ada[Symbol.dispose]()
  await opened[Symbol.asyncDispose]()
})

const typing = (...lines: string[]) => ({ readSecret: async () => lines.shift() })

test('an agent is connected with a secret that is typed, and asked with it', async () => {
  expect((await ada.run(['agents', 'connections', 'helper'])).out).toBe(
    'helper asks for key (key).\nNo connections.',
  )
  const connected = await ada.run(['agents', 'connect', 'helper', '--account', 'desk'], typing(SECRET))
  expect(connected).toMatchObject({ code: 0, errors: '' })
  expect(connected.out).toMatch(/helper {2}shared {2}connected {2}desk .*con_/)
  const { result } = await opened.rpc('SendMessage', say('headers'))
  expect(result.message.parts[0].data).toMatchObject({ 'x-api-key': SECRET })
  const all = [
    connected,
    await ada.run(['agents', 'connections', 'helper', '--json']),
    await ada.run(['activity']),
  ]
  expect(JSON.stringify(all)).not.toContain(SECRET)
})

test('a person’s own goes with their calls alone, and each can be ended', async () => {
  const own = ['agents', 'connect', 'helper', '--own', '--header', 'X-Api-Key']
  expect((await ada.run(own, typing('mine'))).code).toBe(0)
  expect((await ada.run(['agents', 'connections', 'helper', '--own'])).out).toContain('con_')
  // The key's holder is nobody's person.
  const { result } = await opened.rpc('SendMessage', say('headers'))
  expect(result.message.parts[0].data).toMatchObject({ 'x-api-key': SECRET })
  expect((await ada.run(['agents', 'disconnect', 'helper', '--own', '--yes'])).out).toBe(
    'Disconnected helper.',
  )
  expect((await ada.run(['agents', 'disconnect', 'helper', '--yes'])).code).toBe(0)
  expect((await ada.run(['agents', 'disconnect', 'helper', '--yes'])).errors).toContain('no such connection')
  expect((await opened.rpc('SendMessage', say('headers'))).error.code).toBe(4711)
})
