import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grantsOf, OTHER_PERSON } from './granting-hub.ts'
import { openSdkA2aClient, type SdkA2aClient, type SdkFace } from './sdk-a2a-client.ts'
import { say, startAgentHub, type AgentHub } from './start-agent-hub.ts'

const FACES: readonly SdkFace[] = [
  { binding: 'JSONRPC', version: '1.0' },
  { binding: 'HTTP+JSON', version: '1.0' },
  { binding: 'GRPC', version: '1.0' },
  { binding: 'JSONRPC', version: '0.3' },
  { binding: 'HTTP+JSON', version: '0.3' },
]

/** Where nobody listens: what is to be told there is tried again later. */
const TOLD = 'http://127.0.0.1:9/told'
const YAML = 'webhooks:\n  allow: [http://127.0.0.1:9]\n'
const RETURN = { configuration: { returnImmediately: true } }

let opened: AgentHub
beforeAll(async () => {
  opened = await startAgentHub({ yaml: YAML })
})
afterAll(() => opened[Symbol.asyncDispose]())

/** A credential of another person, who may ask the agent all that there is to ask. */
async function otherHeaders(): Promise<{ Authorization: string }> {
  const { grant, token } = grantsOf(opened.hub)
  const id = await grant(['skill:helper/work'], {
    person: OTHER_PERSON,
    audiences: { [opened.url]: ['a2a'] },
  })
  return { Authorization: `Bearer ${token(id, { aud: opened.url, scope: 'a2a' })}` }
}

describe.each(FACES)('§5.1: $binding of $version', (face) => {
  let client: SdkA2aClient
  beforeAll(async () => {
    client = await openSdkA2aClient(opened.url, face, opened.hub.headers)
  })

  async function ask(operation: string, request: object): Promise<any> {
    const { result, error } = await client.ask(operation, request)
    if (error) throw error
    return result
  }

  async function errorOf(operation: string, request: object): Promise<string> {
    const { result, error } = await client.ask(operation, request)
    expect(result).toBeUndefined()
    return nameOf(error)
  }

  test('a message is answered, under names of the hub', async () => {
    const { message } = await ask('SendMessage', say('echo hello'))
    expect(message).toMatchObject({ role: 'ROLE_AGENT', parts: [{ text: 'hello' }] })
    expect(message.contextId).toMatch(/^ctx_/)
  })

  test('a task is told whole, and again when asked for', async () => {
    const { task } = await ask('SendMessage', say('chunks 3'))
    expect(task.id).toMatch(/^tsk_/)
    expect(task.status.state).toBe('TASK_STATE_COMPLETED')
    expect(task.artifacts[0].parts.map(({ text }: { text: string }) => text)).toEqual(['0', '1', '2'])
    expect(await ask('GetTask', { id: task.id })).toEqual(task)
    const short = await ask('GetTask', { id: task.id, historyLength: 1 })
    expect(short.history).toHaveLength(1)
  })

  test('every kind of part goes there and back', async () => {
    const parts = [
      { text: 'parts' },
      { text: 'héllo ☃', metadata: { a: 1 } },
      { raw: Buffer.from([0, 1, 254, 255]).toString('base64'), mediaType: 'image/png', filename: 'a.png' },
      { url: 'https://example.com/a.wav', mediaType: 'audio/wav' },
      { data: { deep: [{ er: null }, true, 1.5, 'x'] } },
    ]
    const { task } = await ask('SendMessage', { message: { ...say('').message, parts } })
    // What the SDK itself loses over REST of 0.3.
    const lost = face.binding === 'HTTP+JSON' && face.version === '0.3' ? ['metadata', 'filename'] : []
    const left = parts.map((part) =>
      Object.fromEntries(Object.entries(part).filter(([name]) => !lost.includes(name))),
    )
    expect(task.artifacts[0].parts).toMatchObject(left)
  })

  test('a stream has the task first, each event once and in order, and the end last', async () => {
    const events = await client.stream('SendStreamingMessage', say('chunks 20'))
    expect(events[0].task.id).toMatch(/^tsk_/)
    const texts = events.flatMap((event) => event.artifactUpdate?.artifact.parts[0].text ?? [])
    expect(texts).toEqual(Array.from({ length: 20 }, (_, at) => String(at)))
    expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_COMPLETED')
  })

  test('a stream of one message is one event', async () => {
    const events = await client.stream('SendStreamingMessage', say('echo once'))
    expect(events).toMatchObject([{ message: { parts: [{ text: 'once' }] } }])
  })

  test('a running task is joined and cancelled, and what has ended is neither', async () => {
    const { task } = await ask('SendMessage', { ...say('wait'), ...RETURN })
    expect(task.status.state).not.toBe('TASK_STATE_COMPLETED')
    let hasJoined = () => {}
    const joined = new Promise<void>((resolve) => (hasJoined = resolve))
    const events = client.stream('SubscribeToTask', { id: task.id }, () => {
      hasJoined()
      return false
    })
    await joined
    expect((await ask('CancelTask', { id: task.id })).status.state).toBe('TASK_STATE_CANCELED')
    const told = await events
    expect(told[0].task.id).toBe(task.id)
    expect(told.at(-1).statusUpdate.status.state).toBe('TASK_STATE_CANCELED')
    expect(await errorOf('CancelTask', { id: task.id })).toBe('TaskNotCancelable')
    const [late] = await client.stream('SubscribeToTask', { id: task.id })
    expect(nameOf(late.error)).toBe('UnsupportedOperation')
  })

  test('§11.7: a stream ends where the task waits for its caller, and goes on with the answer', async () => {
    const events = await client.stream('SendStreamingMessage', say('ask'))
    expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_INPUT_REQUIRED')
    const { id: taskId, contextId } = events[0].task
    const answered = await client.stream('SendStreamingMessage', say('chunks 2', { taskId, contextId }))
    expect(answered.at(-1).statusUpdate.status.state).toBe('TASK_STATE_COMPLETED')
    expect(answered.filter((event) => event.artifactUpdate)).toHaveLength(2)
  })

  test('§3.4.3: a question is answered in its task', async () => {
    const { task } = await ask('SendMessage', say('ask'))
    expect(task.status.state).toBe('TASK_STATE_INPUT_REQUIRED')
    const { id: taskId, contextId } = task
    const answered = await ask('SendMessage', say('chunks 1', { taskId, contextId }))
    expect(answered.task).toMatchObject({ id: taskId, contextId, status: { state: 'TASK_STATE_COMPLETED' } })
    expect(await errorOf('SendMessage', say('echo more', { taskId }))).toBe('UnsupportedOperation')
  })

  test('push notification configs are kept, told, listed and removed', async () => {
    const { task } = await ask('SendMessage', { ...say('wait'), ...RETURN })
    const named = { taskId: task.id, id: 'mine' }
    const made = await ask('CreateTaskPushNotificationConfig', { ...named, url: TOLD })
    expect(made).toMatchObject({ ...named, url: TOLD })
    expect(await ask('GetTaskPushNotificationConfig', named)).toEqual(made)
    expect((await ask('ListTaskPushNotificationConfigs', { taskId: task.id })).configs).toEqual([made])
    expect(await ask('DeleteTaskPushNotificationConfig', named)).toEqual({})
    expect((await ask('ListTaskPushNotificationConfigs', { taskId: task.id })).configs ?? []).toEqual([])
    await ask('CancelTask', { id: task.id })
  })

  test('tasks are listed, which 0.3 cannot', async () => {
    if (face.version === '0.3') {
      const { error } = await client.ask('ListTasks', {})
      // Over REST the SDK does not even ask.
      return expect(String(error)).toMatch(/not found|no equivalent/)
    }
    const { task } = await ask('SendMessage', say('chunks 1'))
    const request = { contextId: task.contextId, pageSize: 5, includeArtifacts: true }
    const listed = await ask('ListTasks', { ...request, status: 'TASK_STATE_COMPLETED' })
    expect(listed).toMatchObject({ totalSize: 1, pageSize: 5, tasks: [task] })
    expect((await ask('ListTasks', { ...request, status: 'TASK_STATE_FAILED' })).totalSize ?? 0).toBe(0)
  })

  test('the extended card is told', async () => {
    const card = await ask('GetExtendedAgentCard', {})
    expect(card).toMatchObject({ name: 'SDK agent', skills: [{ id: 'work' }] })
    expect(JSON.stringify(card)).not.toContain(new URL(opened.agent.origin).host)
  })

  test('B4, H2: the task of somebody else, and none, are alike in every operation', async () => {
    const { task } = await ask('SendMessage', { ...say('wait'), ...RETURN })
    await ask('CreateTaskPushNotificationConfig', { taskId: task.id, id: 'mine', url: TOLD })
    const other = await openSdkA2aClient(opened.url, face, await otherHeaders())
    for (const id of [task.id, 'tsk_01JZZZZZZZZZZZZZZZZZZZZZZZ', 'none of it?']) {
      const named = { taskId: id, id: 'mine' }
      const asked: [string, object][] = [
        ['GetTask', { id }],
        ['CancelTask', { id }],
        ['SendMessage', say('echo x', { taskId: id })],
        ['CreateTaskPushNotificationConfig', { ...named, url: TOLD }],
        ['GetTaskPushNotificationConfig', named],
        ['ListTaskPushNotificationConfigs', { taskId: id }],
        ['DeleteTaskPushNotificationConfig', named],
      ]
      for (const [operation, request] of asked) {
        const { error } = await other.ask(operation, request)
        expect([operation, id, nameOf(error)]).toEqual([operation, id, 'TaskNotFound'])
      }
      for (const [operation, request] of [
        ['SubscribeToTask', { id }],
        ['SendStreamingMessage', say('echo x', { taskId: id })],
      ] as const) {
        const [first] = await other.stream(operation, request)
        expect([operation, id, nameOf(first.error)]).toEqual([operation, id, 'TaskNotFound'])
      }
    }
    expect((await ask('GetTask', { id: task.id })).status.state).not.toBe('TASK_STATE_CANCELED')
    await ask('CancelTask', { id: task.id })
  })

  test('B2: who is not known is refused, and nothing reaches the agent', async () => {
    const before = opened.agent.executor.received.length
    for (const headers of [{}, { Authorization: 'Bearer wrong' }, { Authorization: 'Basic eDp5' }]) {
      const stranger = await openSdkA2aClient(opened.url, face, headers)
      expect((await stranger.ask('SendMessage', say('echo hello'))).error).toBeDefined()
      expect((await stranger.ask('GetTask', { id: 'x' })).error).toBeDefined()
      const events = await stranger.stream('SendStreamingMessage', say('echo hello'))
      expect(events).toEqual([{ error: expect.anything() }])
    }
    expect(opened.agent.executor.received).toHaveLength(before)
  })
})

/** The specification's name of what the SDK threw, however the binding said it. */
function nameOf(error: any): string {
  for (let type = error; type?.constructor; type = Object.getPrototypeOf(type)) {
    const name = /^(?:JsonRpc|Rest|Grpc)?(\w+)Error$/.exec(type.constructor.name)?.[1]
    if (name !== undefined) return name
  }
  return String(error)
}
