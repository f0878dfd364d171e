import { setTimeout as wait } from 'node:timers/promises'
import type { GrantTerms } from '@parley/contract'
import { EVERYONE } from '../src/grants/index.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { grantsOf, type Granting } from './granting-hub.ts'
import { signUp, signUpAdministrator, type SignedIn } from './sign-in.ts'
import { say, startAgentHub, type AgentHub } from './start-agent-hub.ts'
import { until } from './start-test-hub.ts'

/** A click that comes sooner is not taken for an answer. */
const READING_MS = 600

let opened: AgentHub
let granting: Granting
let ada: SignedIn
let eve: SignedIn
beforeAll(async () => {
  opened = await startAgentHub()
  granting = grantsOf(opened.hub)
  ada = await signUpAdministrator(opened.hub)
  eve = await signUp(opened.hub, 'eve@example.com')
})
afterAll(() => opened[Symbol.asyncDispose]())

/** What an app of the person's can do, with a grant that covers what is named. */
async function appOf(person: SignedIn, capabilities: readonly string[]) {
  const audience = opened.url
  const terms: Partial<GrantTerms> = { audiences: { [audience]: ['a2a'] } }
  const grant = await granting.grant(capabilities, { person: person.person, ...terms })
  const authorization = `Bearer ${granting.token(grant, { aud: audience, scope: 'a2a' })}`
  return {
    grant,
    rpc: (method: string, params: unknown) => opened.rpc(method, params, { authorization }),
  }
}

async function decide(who: SignedIn, url: string, choice: 'allow' | 'deny') {
  const page = await who.visitor.open(url)
  await wait(READING_MS)
  return who.visitor.submit(page, { choice })
}

const consentUrlOf = (task: any): string =>
  task.status.message.parts.find((part: any) => part.data)?.data.consentUrl

test('B8: what its person has not allowed becomes a task that asks for it; after a yes it goes on by itself', async () => {
  const { rpc } = await appOf(ada, [])
  const before = opened.agent.executor.received.length
  const { result } = await rpc('SendMessage', say('chunks 2'))
  const { id, contextId } = result.task
  expect(result.task.status.state).toBe('TASK_STATE_AUTH_REQUIRED')
  expect(opened.agent.executor.received).toHaveLength(before)
  const url = consentUrlOf(result.task)
  expect(url.startsWith(`${opened.hub.url}/consent/cns_`)).toBe(true)
  // Credentials go out of band, never with a message (specification §7.6).
  const tooEarly = await rpc('SendMessage', say('let me', { taskId: id }))
  expect(tooEarly.error).toMatchObject({ code: -32004 })
  expect((await decide(ada, url, 'allow')).status).toBe(200)
  await until(async () => (await rpc('GetTask', { id })).result.status.state === 'TASK_STATE_COMPLETED')
  const done = (await rpc('GetTask', { id })).result
  expect(done).toMatchObject({ id, contextId })
  expect(done.artifacts[0].parts).toHaveLength(2)
  expect(opened.agent.executor.received.slice(before)).toEqual(['chunks 2'])
  // The grant covers the next one.
  expect((await rpc('SendMessage', say('echo again'))).result.message.parts[0].text).toBe('again')
})

test('a no ends the task, and the agent never hears of it', async () => {
  const { rpc } = await appOf(ada, [])
  const before = opened.agent.executor.received.length
  const { result } = await rpc('SendMessage', say('echo never'))
  await decide(ada, consentUrlOf(result.task), 'deny')
  await until(
    async () => (await rpc('GetTask', { id: result.task.id })).result.status.state === 'TASK_STATE_REJECTED',
  )
  expect(opened.agent.executor.received).toHaveLength(before)
})

test('a person who may not have it themselves is not asked: the app is refused', async () => {
  const { grants } = opened.hub.hub
  const [everyone] = grants.entitlementsOf({ kind: 'group', id: EVERYONE })
  await grants.changeTerms(
    everyone!.id,
    { ...everyone!.terms, capabilities: [{ capability: 'tool:*' }] },
    'test',
  )
  const before = opened.agent.executor.received.length
  const { rpc } = await appOf(eve, [])
  const { status, error } = await rpc('SendMessage', say('echo never'))
  expect([status, error.code]).toEqual([403, 4703])
  expect(opened.agent.executor.received).toHaveLength(before)
  await grants.changeTerms(everyone!.id, everyone!.terms, 'test')
})

test('H2: a task is its caller’s alone: for anybody else there is none, in every operation', async () => {
  const mine = await appOf(ada, ['skill:helper/*'])
  const theirs = await appOf(eve, ['skill:helper/*'])
  const { result } = await mine.rpc('SendMessage', {
    ...say('wait'),
    configuration: { returnImmediately: true },
  })
  const { id, contextId } = result.task
  const operations: [string, object][] = [
    ['GetTask', { id }],
    ['CancelTask', { id }],
    ['SubscribeToTask', { id }],
    ['SendMessage', say('echo x', { taskId: id })],
    ['SendMessage', say('echo x', { contextId })],
    ['SendMessage', say('echo x', { referenceTaskIds: [id] })],
    ['CreateTaskPushNotificationConfig', { taskId: id, url: 'https://example.com/hook' }],
    ['GetTaskPushNotificationConfig', { taskId: id, id: 'x' }],
    ['ListTaskPushNotificationConfigs', { taskId: id }],
    ['DeleteTaskPushNotificationConfig', { taskId: id, id: 'x' }],
  ]
  for (const [method, params] of operations)
    expect([method, (await theirs.rpc(method, params)).error?.code]).toEqual([method, -32001])
  expect((await theirs.rpc('ListTasks', { contextId })).result).toMatchObject({ tasks: [], totalSize: 0 })
  expect((await mine.rpc('GetTask', { id })).result.status.state).toBe('TASK_STATE_WORKING')
  expect((await mine.rpc('CancelTask', { id })).result.status.state).toBe('TASK_STATE_CANCELED')
})

test('G7: with the grant its tasks end, at the agent too', async () => {
  const { rpc, grant } = await appOf(ada, ['skill:helper/*'])
  const { result } = await rpc('SendMessage', { ...say('wait'), configuration: { returnImmediately: true } })
  const before = opened.agent.executor.cancelled.length
  await opened.hub.api('DELETE', `/api/grants/${grant}`)
  await until(() => opened.agent.executor.cancelled.length > before)
  const task = await opened.hub.api('GET', `/api/tasks/${result.task.id}`)
  expect(task.body.task.state).toBe('cancelled')
  expect((await rpc('GetTask', { id: result.task.id })).status).toBe(401)
})
