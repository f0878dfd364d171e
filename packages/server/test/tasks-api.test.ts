import { afterAll, beforeAll, expect, test } from 'vitest'
import { runParley } from '../../cli/test/run-parley.ts'
import { grantsOf, OTHER_PERSON, PERSON } from './granting-hub.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'
import { TASK_TOOLS, taskClient, text } from './task-client.ts'

type Json = Record<string, any>

let upstream: ScriptedUpstream
let hub: TestHub
beforeAll(async () => {
  upstream = await startScriptedUpstream(TASK_TOOLS)
  hub = await startTestHub(`servers: { one: { url: ${upstream.url} } }`)
  await until(async () => (await hub.api('GET', '/api/servers')).body.servers[0].health === 'ready')
})
afterAll(async () => {
  await hub[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

async function startTask(person = PERSON) {
  const { promise, resolve } = Promise.withResolvers<Json>()
  upstream.answer = () => promise
  const granting = grantsOf(hub)
  const caller = granting.as(granting.token(await granting.grant(['tool:one/*'], { person })))
  const { taskId } = await taskClient(caller).call('slow')
  return { taskId: String(taskId), answer: resolve, client: taskClient(caller) }
}

test('an administrator sees that a task runs, for whom and under which grant, but never what it came to', async () => {
  const { taskId, answer, client } = await startTask()
  const running = (await hub.api('GET', '/api/tasks?unfinished=true')).body.tasks
  expect(running).toMatchObject([
    {
      id: taskId,
      state: 'working',
      server: 'one',
      capability: 'tool:one/slow',
      person: PERSON,
      isElsewhere: false,
    },
  ])
  expect((await hub.api('GET', `/api/tasks?person=${OTHER_PERSON}`)).body.tasks).toEqual([])
  answer(text('zzSECRET'))
  await client.when(taskId, 'completed')
  const detail = (await hub.api('GET', `/api/tasks/${taskId}`)).body
  expect(detail.events.map(({ seq, state }: Json) => [seq, state])).toEqual([
    [1, 'working'],
    [2, 'completed'],
  ])
  expect(JSON.stringify(detail)).not.toContain('zzSECRET')
  expect((await hub.api('GET', '/api/tasks/tsk_01JAAAAAAAAAAAAAAAAAAAAAAA')).status).toBe(404)
})

test('an administrator cancels a task, once; its client hears of it', async () => {
  const { taskId, client } = await startTask()
  const cancelled = await hub.api('DELETE', `/api/tasks/${taskId}`)
  expect(cancelled.body).toMatchObject({
    id: taskId,
    state: 'cancelled',
    message: 'An administrator cancelled it.',
  })
  expect(await client.get(taskId)).toMatchObject({ status: 'cancelled' })
  const again = await hub.api('DELETE', `/api/tasks/${taskId}`)
  expect(again.body.updatedAt).toBe(cancelled.body.updatedAt)
})

test('the command line lists, shows, follows and cancels tasks', async () => {
  const { taskId, answer } = await startTask()
  const parley = (...argv: string[]) => runParley(hub.dataDir, ...argv, '--json', '--data-dir', hub.dataDir)
  const listed = await parley('tasks', 'list', '--running')
  expect(listed.out).toContain(taskId)
  const watching = parley('tasks', 'watch', taskId)
  answer({ ...text('no'), isError: true })
  expect(JSON.parse((await watching).out)).toMatchObject({ task: { state: 'completed' } })
  const other = await startTask()
  const cancelled = await parley('tasks', 'cancel', other.taskId)
  expect(JSON.parse(cancelled.out)).toMatchObject({ state: 'cancelled' })
  const shown = await parley('tasks', 'show', other.taskId)
  expect(JSON.parse(shown.out)).toMatchObject({ task: { id: other.taskId, state: 'cancelled' } })
})
