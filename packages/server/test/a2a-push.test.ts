import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { openSink, type Sink } from '../src/webhooks/test-kit.ts'
import { say, startAgentHub, type AgentHub } from './start-agent-hub.ts'
import { until } from './start-test-hub.ts'

async function open(yaml = ''): Promise<AgentHub & { readonly sink: Sink }> {
  const sink = await openSink()
  onTestFinished(() => sink[Symbol.asyncDispose]())
  const opened = await startAgentHub({ yaml: `webhooks: { allow: ['${sink.url}'] }\n${yaml}` })
  onTestFinished(() => opened[Symbol.asyncDispose]())
  return { ...opened, sink }
}

const push = (config: object) => ({
  configuration: { returnImmediately: true, taskPushNotificationConfig: config },
})
const bodies = ({ requests }: Sink): any[] => requests.map(({ body }) => JSON.parse(body))
const stateOf = (body: any) => (body.statusUpdate ?? body.task)?.status.state

test('B9: a client that set an address with its message is told there of the task, with what it configured', async () => {
  const { rpc, sink } = await open()
  const config = {
    url: `${sink.url}/told`,
    token: 'zzSECRETtoken',
    authentication: { scheme: 'Bearer', credentials: 'zzSECRETcredentials' },
  }
  const asked = await rpc('SendMessage', { ...say('ask'), ...push(config) })
  const { id, contextId } = asked.result.task
  const more = await rpc('SendMessage', say('chunks 3', { taskId: id, contextId }))
  expect(more.result.task.status.state).toBe('TASK_STATE_COMPLETED')
  await until(() => bodies(sink).some((body) => stateOf(body) === 'TASK_STATE_COMPLETED'))
  for (const { headers, path } of sink.requests) {
    expect(path).toBe('/told')
    expect(headers).toMatchObject({
      'content-type': 'application/a2a+json',
      authorization: 'Bearer zzSECRETcredentials',
      'x-a2a-notification-token': 'zzSECRETtoken',
    })
  }
  for (const body of bodies(sink))
    expect((body.statusUpdate ?? body.artifactUpdate ?? { taskId: body.task?.id }).taskId).toBe(id)
  // In chunks, or whole where the agent's answer came before its events.
  let texts: string[] = []
  for (const { artifactUpdate } of bodies(sink)) {
    if (!artifactUpdate) continue
    const { artifact, append } = artifactUpdate
    texts = [...(append ? texts : []), ...artifact.parts.map((part: any) => part.text)]
  }
  expect(texts).toEqual(['0', '1', '2'])
})

test('§3.1.7–3.1.10: configurations are made, read, listed and deleted, also of a task that has ended', async () => {
  const { rpc } = await open()
  const { result } = await rpc('SendMessage', say('chunks 1'))
  const taskId = result.task.id
  const url = 'https://1.1.1.1/hook'
  const made = await rpc('CreateTaskPushNotificationConfig', { taskId, id: 'mine', url, token: 'zzSECRET' })
  expect(made.result).toEqual({ taskId, id: 'mine', url })
  const shown = await rpc('GetTaskPushNotificationConfig', { taskId, id: 'mine' })
  expect(shown.result).toEqual(made.result)
  const listed = await rpc('ListTaskPushNotificationConfigs', { taskId })
  expect(listed.result.configs).toEqual([made.result])
  expect((await rpc('GetTaskPushNotificationConfig', { taskId, id: 'none' })).error.code).toBe(-32001)
  for (let again = 0; again < 2; again++)
    expect((await rpc('DeleteTaskPushNotificationConfig', { taskId, id: 'mine' })).error).toBeUndefined()
  expect((await rpc('GetTaskPushNotificationConfig', { taskId, id: 'mine' })).error.code).toBe(-32001)
})

test('H2, H3: no configuration for a task of nobody, none that leads inside, not too many', async () => {
  const { rpc, hub } = await open()
  const { result } = await rpc('SendMessage', say('chunks 1'))
  const taskId = result.task.id
  const create = (params: object) => rpc('CreateTaskPushNotificationConfig', params)
  const url = 'https://1.1.1.1/hook'
  expect((await create({ taskId: 'tsk_01JAAAAAAAAAAAAAAAAAAAAAAA', url })).error.code).toBe(-32001)
  for (const inside of ['http://169.254.169.254/', 'http://127.0.0.1/', `${hub.url}/api/people`])
    expect((await create({ taskId, url: inside })).error.code).toBe(-32602)
  const answers = await Promise.all(Array.from({ length: 30 }, () => create({ taskId, url })))
  expect(answers.filter(({ result: made }) => made)).toHaveLength(10)
  expect((await rpc('ListTaskPushNotificationConfigs', { taskId })).result.configs).toHaveLength(10)
})

test('H8: a receiver knows the hub as docs/push-notifications.md says, and notices a repetition', async () => {
  const { rpc, sink, hub } = await open('limits: { webhookRetryMs: 10 }\n')
  let count = 0
  sink.answer = () => (++count === 1 ? 503 : 200)
  const { result } = await rpc('SendMessage', { ...say('ask'), ...push({ url: sink.url }) })
  const { id, contextId } = result.task
  await rpc('SendMessage', say('chunks 1', { taskId: id, contextId }))
  await until(() => bodies(sink).some((body) => stateOf(body) === 'TASK_STATE_COMPLETED'))
  const createVerify = readSnippet()
  const verify = createVerify({ hub: hub.url, self: sink.url })
  const verified = []
  for (const { headers, body } of sink.requests) verified.push(await verify(headers, body))
  expect(verified.slice(0, 3)).toEqual([
    { task: id, isNew: true },
    { task: id, isNew: false },
    { task: id, isNew: true },
  ])
  const [first] = sink.requests
  await expect(verify(first!.headers, `${first!.body} `)).rejects.toThrow('another body')
  const elsewhere = createVerify({ hub: hub.url, self: 'https://another.example' })
  await expect(elsewhere(first!.headers, first!.body)).rejects.toThrow('aud')
  // It opens nothing at the hub itself.
  const authorization = `Bearer ${String(first!.headers['parley-signature'])}`
  expect((await fetch(`${hub.url}/api/tasks`, { headers: { authorization } })).status).toBe(401)
})

/** The code of the page, its imports given. */
function readSnippet(): (options: { hub: string; self: string }) => (headers: object, body: string) => any {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/push-notifications.md'), 'utf8')
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? []
  const body = code.replaceAll(/^import .*\n/gm, '').replace('export function', 'return function')
  // oxlint-disable-next-line no-new-func -- the page is ours, and this is what proves that it works
  const make = new Function('createHash', 'createRemoteJWKSet', 'jwtVerify', body)
  return make(createHash, createRemoteJWKSet, jwtVerify)
}
