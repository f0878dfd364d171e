import { expect, onTestFinished, test } from 'vitest'
import { say, startAgentHub, type AgentHub } from './start-agent-hub.ts'

async function open(options?: Parameters<typeof startAgentHub>[0]): Promise<AgentHub> {
  const opened = await startAgentHub(options)
  onTestFinished(() => opened[Symbol.asyncDispose]())
  return opened
}

test('a message that an agent answers comes back under names of the hub', async () => {
  const { rpc, agent } = await open()
  const { status, result } = await rpc('SendMessage', say('echo hello'))
  expect(status).toBe(200)
  expect(result.message).toMatchObject({ role: 'ROLE_AGENT', parts: [{ text: 'hello' }] })
  expect(result.message.contextId).toMatch(/^ctx_/)
  expect(agent.executor.received).toEqual(['echo hello'])
})

test('a task is kept under an id of the hub, told whole, listed, and no id of the agent gets out', async () => {
  const { rpc } = await open()
  const { result } = await rpc('SendMessage', say('chunks 3'))
  expect(result.task.id).toMatch(/^tsk_/)
  expect(result.task.status.state).toBe('TASK_STATE_COMPLETED')
  expect(result.task.artifacts[0].parts.map((part: any) => part.text)).toEqual(['0', '1', '2'])
  const got = await rpc('GetTask', { id: result.task.id })
  expect(got.result).toEqual(result.task)
  const listed = await rpc('ListTasks', {})
  expect(listed.result).toMatchObject({ totalSize: 1, nextPageToken: '', pageSize: 50 })
  expect(listed.result.tasks[0].id).toBe(result.task.id)
  expect(listed.result.tasks[0]).not.toHaveProperty('artifacts')
})

test('a stream begins with the task and ends with its end, each event once and in order', async () => {
  const { stream } = await open()
  const events = await stream('SendStreamingMessage', say('chunks 50'))
  expect(events[0].task.id).toMatch(/^tsk_/)
  const texts = events.flatMap((event) => event.artifactUpdate?.artifact.parts[0].text ?? [])
  expect(texts).toEqual(Array.from({ length: 50 }, (_, at) => String(at)))
  expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_COMPLETED')
  expect(
    new Set(events.slice(1).map((event) => (event.statusUpdate ?? event.artifactUpdate).taskId)),
  ).toEqual(new Set([events[0].task.id]))
})

test('§3.4.3: a question is answered in its task, and the conversation goes on in its context', async () => {
  const { rpc } = await open()
  const { result } = await rpc('SendMessage', say('ask'))
  expect(result.task.status.state).toBe('TASK_STATE_INPUT_REQUIRED')
  const { id, contextId } = result.task
  const wrong = await rpc('SendMessage', say('chunks 1', { taskId: id, contextId: 'another' }))
  expect(wrong.error).toMatchObject({ code: -32602 })
  const answered = await rpc('SendMessage', say('chunks 1', { taskId: id, contextId }))
  expect(answered.result.task).toMatchObject({ id, contextId, status: { state: 'TASK_STATE_COMPLETED' } })
  const late = await rpc('SendMessage', say('echo more', { taskId: id }))
  expect(late.error).toMatchObject({ code: -32004 })
  const next = await rpc('SendMessage', say('chunks 1', { contextId }))
  expect(next.result.task).toMatchObject({ contextId, status: { state: 'TASK_STATE_COMPLETED' } })
  expect(next.result.task.id).not.toBe(id)
})

test('a running task is joined at a snapshot by any number, and cancelled at the agent', async () => {
  const { rpc, stream, agent } = await open()
  const { result } = await rpc('SendMessage', {
    ...say('wait'),
    configuration: { returnImmediately: true },
  })
  const { id } = result.task
  const readers = [stream('SubscribeToTask', { id }), stream('SubscribeToTask', { id })]
  await new Promise((resolve) => setTimeout(resolve, 300))
  const cancelled = await rpc('CancelTask', { id })
  expect(cancelled.result.status.state).toBe('TASK_STATE_CANCELED')
  for (const events of await Promise.all(readers)) {
    expect(events[0].task.id).toBe(id)
    expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_CANCELED')
  }
  expect(agent.executor.cancelled).toHaveLength(1)
  expect((await rpc('CancelTask', { id })).error).toMatchObject({ code: -32002 })
  expect((await rpc('SubscribeToTask', { id })).error).toMatchObject({ code: -32004 })
})

test('H8: the same message a hundred times is one message to the agent, and one task', async () => {
  const { rpc, agent } = await open()
  const message = say('chunks 2')
  const answers = await Promise.all(Array.from({ length: 100 }, () => rpc('SendMessage', message)))
  expect(new Set(answers.map(({ result }) => result.task.id)).size).toBe(1)
  const echo = say('echo once')
  await Promise.all(Array.from({ length: 20 }, () => rpc('SendMessage', echo)))
  await rpc('SendMessage', echo)
  expect(agent.executor.received).toEqual(['chunks 2', 'echo once'])
})

test('H8: a message to a task is known again, also when it has ended the task', async () => {
  const { rpc, agent } = await open()
  const { result } = await rpc('SendMessage', say('ask'))
  const answer = say('chunks 1', { taskId: result.task.id })
  const first = await rpc('SendMessage', answer)
  expect(first.result.task.status.state).toBe('TASK_STATE_COMPLETED')
  const again = await rpc('SendMessage', answer)
  expect(again.result).toEqual(first.result)
  expect(agent.executor.received).toEqual(['ask', 'chunks 1'])
})

test('an operator cancels a task, which its agent and its caller are told', async () => {
  const { hub, rpc, stream, agent } = await open()
  const { result } = await rpc('SendMessage', {
    ...say('wait'),
    configuration: { returnImmediately: true },
  })
  const { id } = result.task
  const reader = stream('SubscribeToTask', { id })
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect((await hub.api('DELETE', `/api/tasks/${id}`)).body).toMatchObject({ state: 'cancelled' })
  expect((await reader).at(-1).statusUpdate.status).toMatchObject({
    state: 'TASK_STATE_CANCELED',
    message: { parts: [{ text: 'An administrator cancelled it.' }] },
  })
  expect((await rpc('GetTask', { id })).result.status.state).toBe('TASK_STATE_CANCELED')
  await expect.poll(() => agent.executor.cancelled.length).toBe(1)
})

test('§8.2: the hub’s own card is at the well-known place, and its skill finds agents that the caller may ask', async () => {
  const { hub } = await open()
  const card = (await (await fetch(`${hub.url}/.well-known/agent-card.json`)).json()) as any
  expect(card.skills.map(({ id }: any) => id)).toEqual(['find-agents'])
  const { url } = card.supportedInterfaces.find((one: any) => one.protocolVersion === '1.0')
  expect(url).toBe(`${hub.url}/a2a/agents/parley`)
  const ask = async (parts: object[], headers: Record<string, string> = { ...hub.headers }) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'a2a-version': '1.0' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'SendMessage',
        params: { message: { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts } },
      }),
    })
    return { status: response.status, body: (await response.json()) as any }
  }
  const found = await ask([{ text: 'what the first word says' }])
  expect(found.body.result.message.parts[1].data.agents).toMatchObject([
    { name: 'helper', endpoint: `${hub.url}/a2a/agents/helper`, skills: [{ id: 'work' }] },
  ])
  expect((await ask([{ data: { tag: 'nothing' } }])).body.result.message.parts[1].data.agents).toEqual([])
  expect((await ask([{ data: { nonsense: 1 } }])).body.error.code).toBe(-32602)
  expect((await ask([{ text: 'x' }], {})).status).toBe(401)
  expect((await hub.api('POST', '/api/cards', { name: 'parley', url: 'http://127.0.0.1:1' })).status).toBe(
    409,
  )
})
