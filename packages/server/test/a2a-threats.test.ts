import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startRawAgent, type RawAgent, type RawStream } from './raw-agent.ts'
import { say } from './start-agent-hub.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

const name = { taskId: 'evil-1', contextId: 'evil-context' }
const working = { id: 'evil-1', contextId: 'evil-context', status: { state: 'TASK_STATE_WORKING' } }
const status = (state: string, at: object = name) => ({
  statusUpdate: { ...at, status: { state: `TASK_STATE_${state}` } },
})
const artifact = (artifactId: string, at: object = name) => ({
  artifactUpdate: { ...at, artifact: { artifactId, parts: [{ text: artifactId }] }, lastChunk: true },
})

interface Opened {
  readonly hub: TestHub
  readonly agent: RawAgent
  rpc(method: string, params: object, agent?: string): Promise<any>
}

async function open(): Promise<Opened> {
  const agent = await startRawAgent()
  const hub = await startTestHub()
  onTestFinished(async () => {
    await hub[Symbol.asyncDispose]()
    await agent[Symbol.asyncDispose]()
  })
  const card = agent.card as Record<string, any>
  for (const name of ['evil', 'other']) {
    agent.card = { ...card, name: `Agent ${name}` }
    const added = await hub.api('POST', '/api/cards', { name, url: agent.url })
    expect(added.status).toBeLessThan(300)
  }
  return {
    hub,
    agent,
    async rpc(method, params, to = 'evil') {
      const response = await fetch(`${hub.url}/a2a/agents/${to}`, {
        method: 'POST',
        headers: { ...hub.headers, 'content-type': 'application/json', 'a2a-version': '1.0' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      })
      return response.json()
    },
  }
}

const started = (params: object) => ({ ...params, configuration: { returnImmediately: true } })

/** A task under way, and the stream over which its agent tells of it. */
async function begin({ agent, rpc }: Opened): Promise<{ id: string; stream: RawStream }> {
  let followed: RawStream | undefined
  agent.answers['SendMessage'] = () => ({ result: { task: working } })
  agent.answers['GetTask'] = () => ({ result: working })
  agent.answers['SubscribeToTask'] = () => ({ stream: (stream) => (followed = stream) })
  const { result } = await rpc('SendMessage', started(say('begin')))
  await until(() => followed !== undefined)
  return { id: result.task.id, stream: followed! }
}

const stateIn = (answer: any): string => answer.result.status.state.replace('TASK_STATE_', '')
const artifactsIn = (answer: any): string[] =>
  (answer.result.artifacts ?? []).map(({ artifactId }: any) => artifactId)

describe('H10: what an agent says of a task is held to the task', () => {
  test('H10: after the end nothing changes, and a second end is none', async () => {
    const opened = await open()
    const { id, stream } = await begin(opened)
    stream.send(artifact('in-time'))
    stream.send(status('COMPLETED'))
    for (const late of [artifact('late'), status('WORKING'), status('FAILED'), { task: working }])
      stream.send(late)
    await until(async () => stateIn(await opened.rpc('GetTask', { id })) === 'COMPLETED')
    await new Promise((resolve) => setTimeout(resolve, 300))
    const task = await opened.rpc('GetTask', { id })
    expect([stateIn(task), artifactsIn(task)]).toEqual(['COMPLETED', ['in-time']])
    const more = await opened.rpc('SendMessage', say('more', { taskId: id }))
    expect(more.error.code).toBe(-32004)
    expect(opened.agent.asked.filter(({ method }) => method === 'SendMessage')).toHaveLength(1)
  })

  test('H10: an artifact after the cancelling is dropped, and what was cancelled does not complete', async () => {
    const opened = await open()
    const { id, stream } = await begin(opened)
    opened.agent.answers['CancelTask'] = () => {
      const canceled = { ...working, status: { state: 'TASK_STATE_CANCELED' } }
      queueMicrotask(() => stream.send(artifact('late')))
      return { result: canceled }
    }
    expect(stateIn(await opened.rpc('CancelTask', { id }))).toBe('CANCELED')
    stream.send(artifact('later'))
    stream.send(status('COMPLETED'))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const task = await opened.rpc('GetTask', { id })
    expect([stateIn(task), artifactsIn(task)]).toEqual(['CANCELED', []])
  })

  test('H10: what a stream tells of another task is not taken for this one', async () => {
    const opened = await open()
    const { id, stream } = await begin(opened)
    const stranger = { taskId: 'evil-2', contextId: 'evil-context' }
    stream.send(artifact('of another', stranger))
    stream.send(status('COMPLETED', stranger))
    stream.send({ task: { ...working, id: 'evil-2', status: { state: 'TASK_STATE_FAILED' } } })
    stream.send(artifact('own'))
    await until(async () => artifactsIn(await opened.rpc('GetTask', { id })).includes('own'))
    const task = await opened.rpc('GetTask', { id })
    expect([stateIn(task), artifactsIn(task)]).toEqual(['WORKING', ['own']])
  })

  test('H10: asked for one task, an agent that answers with another is not believed', async () => {
    const opened = await open()
    const { id } = await begin(opened)
    opened.agent.answers['GetTask'] = () => ({
      result: { ...working, id: 'evil-2', status: { state: 'TASK_STATE_COMPLETED' } },
    })
    await opened.rpc('GetTask', { id })
    opened.agent.answers['CancelTask'] = opened.agent.answers['GetTask']
    await opened.rpc('CancelTask', { id })
    const listed = await opened.rpc('ListTasks', {})
    expect(listed.result.tasks).toHaveLength(1)
    expect(listed.result.tasks[0]).toMatchObject({ id, status: { state: 'TASK_STATE_WORKING' } })
  })
})

test('H5: a context or task of another agent is not one here, and nothing of it reaches the agent', async () => {
  const opened = await open()
  const { id } = await begin(opened)
  const { contextId } = (await opened.rpc('GetTask', { id })).result
  const before = opened.agent.asked.length
  const injections = [
    { taskId: id },
    { taskId: id, contextId },
    { taskId: 'evil-1' },
    { contextId: `ctx_${'A'.repeat(contextId.length - 4)}` },
    { referenceTaskIds: ['evil-1'] },
    { referenceTaskIds: [id, 'tsk_01JAAAAAAAAAAAAAAAAAAAAAAA'] },
    { taskId: '__proto__' },
  ]
  for (const injected of injections) {
    const answer = await opened.rpc('SendMessage', started(say('inject', injected)), 'other')
    expect([injected, answer.error?.code]).toEqual([injected, -32001])
  }
  const sends = () => opened.agent.asked.slice(before).filter(({ method }) => method === 'SendMessage')
  expect(sends()).toEqual([])
  // The caller's own context may be named to another agent: which learns nothing of the first one's name of it.
  await opened.rpc('SendMessage', started(say('go on', { contextId })), 'other')
  expect(sends()).toHaveLength(1)
  expect(['evil-context', contextId]).not.toContain(sends()[0]!.params['message'].contextId)
})

test('H11: the hub reads no file that a message or an artifact names, and refuses what is no address of the web', async () => {
  const opened = await open()
  let reads = 0
  const host = createServer((_request, response) => {
    reads += 1
    response.end('never')
  })
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void host.close())
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/secret`
  const { id, stream } = await begin(opened)
  const sends = () => opened.agent.asked.filter(({ method }) => method === 'SendMessage').length
  const before = sends()
  for (const bad of [
    'file:///etc/passwd',
    'FILE:///etc/passwd',
    ' file:///etc/passwd',
    'ftp://x/',
    'data:,x',
  ]) {
    const answer = await opened.rpc('SendMessage', say('x', { parts: [{ url: bad }] }))
    expect([bad, answer.error?.code]).toEqual([bad, -32602])
  }
  expect(sends()).toBe(before)
  const told = { artifactId: 'file', parts: [{ url }, { url: 'file:///etc/passwd' }] }
  stream.send({ artifactUpdate: { ...name, artifact: told, lastChunk: true } })
  for (const inside of [url, 'http://169.254.169.254/latest/meta-data/'])
    await opened.rpc('SendMessage', started(say('x', { parts: [{ url: inside }] })))
  expect(sends()).toBe(before + 2)
  await until(async () => artifactsIn(await opened.rpc('GetTask', { id })).includes('file'))
  const text = JSON.stringify(await opened.rpc('GetTask', { id }))
  expect(text).not.toContain('root:')
  expect(reads).toBe(0)
})

test('H6: a card that is huge, deep or endless is refused, and the agent stays as it was approved', async () => {
  const { hub, agent, rpc } = await open()
  const card = agent.card as Record<string, any>
  const skill = card['skills'][0]
  const bad = [
    { ...card, description: 'x'.repeat(5_000_000) },
    { ...card, skills: Array.from({ length: 20_000 }, (_, at) => ({ ...skill, id: `skill-${at}` })) },
    `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
    [],
    { ...card, supportedInterfaces: [] },
  ]
  agent.answers['SendMessage'] = () => ({
    result: { message: { messageId: 'a', role: 'ROLE_AGENT', parts: [{ text: 'still here' }] } },
  })
  for (const one of bad) {
    agent.card = one as RawAgent['card']
    const added = await hub.api('POST', '/api/cards', { name: `bad-${bad.indexOf(one)}`, url: agent.url })
    const served = added.status < 300 && added.body.served === true
    expect([bad.indexOf(one), served]).toEqual([bad.indexOf(one), false])
    expect((await rpc('SendMessage', say('there?'))).result.message.parts[0].text).toBe('still here')
  }
})
