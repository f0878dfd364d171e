import { afterEach, describe, expect, test } from 'vitest'
import { grantsOf, OTHER_PERSON } from './granting-hub.ts'
import { openRaw, sendRaw } from './raw-mcp.ts'
import { modernRequest, startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'
import { TASK_TOOLS, TASKS, taskClient, text } from './task-client.ts'

type Json = Record<string, any>

const stack: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of stack.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

async function start(yaml = ''): Promise<{ hub: TestHub; upstream: ScriptedUpstream }> {
  const upstream = await startScriptedUpstream(TASK_TOOLS)
  stack.push(upstream)
  const hub = await startTestHub(`servers: { one: { url: ${upstream.url} } }\n${yaml}`)
  stack.push(hub)
  await until(async () => (await hub.api('GET', '/api/servers')).body.servers[0].health === 'ready')
  return { hub, upstream }
}

/** An answer that is given when the test says so. */
function later(upstream: ScriptedUpstream) {
  const { promise, resolve } = Promise.withResolvers<Json>()
  upstream.answer = () => promise
  return resolve
}

describe('tasks of the hub', () => {
  test('SEP-2663: a call that takes its time is answered with a task, whose end holds the result', async () => {
    const { hub, upstream } = await start()
    const answer = later(upstream)
    const client = taskClient(hub)
    const created = await client.call('slow')
    expect(created).toMatchObject({ resultType: 'task', status: 'working', ttlMs: 3_600_000 })
    for (const field of ['requestState', 'result', 'inputRequests', 'task'])
      expect(created).not.toHaveProperty(field)
    expect(await client.get(created['taskId'])).toMatchObject({ resultType: 'complete', status: 'working' })
    answer(text('at last'))
    const end = await client.when(created['taskId'], 'completed')
    expect(end).toMatchObject({ result: { content: [{ text: 'at last' }] } })
    expect(upstream.calls).toHaveLength(1)
  })

  test('SEP-2663: what is answered at once is no task, and neither is anything for a client that knows none', async () => {
    const { hub, upstream } = await start()
    expect(await taskClient(hub).call('slow')).toMatchObject({ resultType: 'complete', ...text('done') })
    const answer = later(upstream)
    const waiting = taskClient(hub, '/mcp/servers/one', {}).call('slow')
    setTimeout(() => answer(text('waited for')), 600)
    expect(await waiting).toMatchObject({ resultType: 'complete', ...text('waited for') })
    expect(
      (await hub.api('GET', '/api/activity')).body.records.map(({ action }: Json) => action),
    ).not.toContain('task.create')
  })

  test('SEP-2663: a tool that runs as nothing but a task is -32021 for a client without the extension', async () => {
    const { hub, upstream } = await start()
    const client = taskClient(hub, '/mcp/servers/one', {})
    const refused = await client.ask('tools/call', { name: 'required', arguments: {} })
    const { extensions } = TASKS
    expect(refused.body.error).toMatchObject({ code: -32021, data: { requiredCapabilities: { extensions } } })
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
      expect((await client.ask(method, { taskId: 'x' })).body.error.code).toBe(-32021)
    expect(upstream.calls).toEqual([])
  })

  test('SEP-2663: the name of a task stands in Mcp-Name too; the methods of the revision before are gone', async () => {
    const { hub } = await start()
    const wrong = modernRequest('tasks/get', { taskId: 'one' }, TASKS)
    wrong.headers['mcp-name'] = 'another'
    expect((await sendRaw(hub, wrong)).body.error.code).toBe(-32020)
    for (const method of ['tasks/result', 'tasks/list'])
      expect((await taskClient(hub).ask(method, { taskId: 'x' })).body.error.code).toBe(-32601)
    expect((await taskClient(hub).ask('tasks/get', { taskId: 'x' })).body.error.code).toBe(-32602)
  })

  test('SEP-2663: a cancelled task stays cancelled, its call is broken off, and its late result is nobody’s', async () => {
    const { hub, upstream } = await start()
    const answer = later(upstream)
    const client = taskClient(hub)
    const { taskId } = await client.call('slow')
    expect((await client.ask('tasks/cancel', { taskId })).body.result).toEqual({ resultType: 'complete' })
    expect(await client.get(taskId)).toMatchObject({ status: 'cancelled' })
    await until(() => upstream.cancelled === 1)
    answer(text('too late'))
    expect((await client.ask('tasks/cancel', { taskId })).body.result).toEqual({ resultType: 'complete' })
    const kept = await client.get(taskId)
    expect(kept).toMatchObject({ status: 'cancelled' })
    expect(kept).not.toHaveProperty('result')
  })

  test('SEP-2663: a tool’s own error completes the task, an error of the protocol fails it', async () => {
    const { hub, upstream } = await start()
    const client = taskClient(hub)
    const answer = later(upstream)
    const failing = await client.call('slow')
    answer({ ...text('no'), isError: true })
    expect(await client.when(failing['taskId'], 'completed')).toMatchObject({ result: { isError: true } })
    later(upstream)
    const broken = await client.call('slow')
    await upstream[Symbol.asyncDispose]()
    const failed = await client.when(broken['taskId'], 'failed')
    expect(failed).toMatchObject({ error: { code: 4751 } })
    expect(failed).not.toHaveProperty('result')
  })

  test('MRTR in a task: what the server asks is found with the task, and answered key by key', async () => {
    const { hub, upstream } = await start()
    const question = (message: string) => ({
      method: 'elicitation/create',
      params: { mode: 'form', message, requestedSchema: { type: 'object', properties: {} } },
    })
    upstream.answer = async (params) => {
      if (params['inputResponses']) return text(JSON.stringify(params['inputResponses']))
      await new Promise((resolve) => setTimeout(resolve, 500))
      const inputRequests = { first: question('1'), second: question('2') }
      return { resultType: 'input_required', inputRequests, requestState: 'its own' }
    }
    const client = taskClient(hub, '/mcp/servers/one', { ...TASKS, elicitation: {} })
    const { taskId } = await client.call('slow')
    const asking = await client.when(taskId, 'input_required')
    expect(Object.keys(asking['inputRequests'])).toEqual(['first', 'second'])
    expect(asking).not.toHaveProperty('requestState')
    const accept = (words: string) => ({ action: 'accept', content: { words } })
    const answers = { first: accept('one'), unknown: accept('x') }
    await client.ask('tasks/update', { taskId, inputResponses: answers })
    expect(Object.keys((await client.get(taskId))['inputRequests'])).toEqual(['second'])
    await client.ask('tasks/update', {
      taskId,
      inputResponses: { first: accept('again'), second: accept('two') },
    })
    const end = await client.when(taskId, 'completed')
    const given = JSON.parse(end['result'].content[0].text)
    expect(given).toEqual({ first: accept('one'), second: accept('two') })
    expect(upstream.calls[1]!.params['requestState']).toBe('its own')
  })

  test('SEP-2663: a listener hears of its own tasks only, each time as tasks/get would tell it', async () => {
    const { hub, upstream } = await start()
    const answer = later(upstream)
    const client = taskClient(hub)
    const { taskId } = await client.call('slow')
    const notifications = { taskIds: [taskId, 'tsk_01JAAAAAAAAAAAAAAAAAAAAAAA'] }
    const refused = await sendRaw(hub, modernRequest('subscriptions/listen', { notifications }))
    expect(refused.body.error.code).toBe(-32021)
    const stream = await openRaw(hub, modernRequest('subscriptions/listen', { notifications }, TASKS))
    await until(() => stream.messages.length === 1)
    expect(stream.messages[0].params.notifications).toEqual({ taskIds: [taskId] })
    answer(text('heard'))
    await until(() => stream.messages.length === 2)
    expect(stream.messages[1]).toMatchObject({
      method: 'notifications/tasks',
      params: { taskId, status: 'completed', result: text('heard') },
    })
    stream.cut()
  })

  test('discover: a client that declares tasks finds them; for any other the endpoint is the server’s alone', async () => {
    const { hub } = await start()
    const found = async (path: string, capabilities: Json) =>
      (await taskClient(hub, path, capabilities).ask('server/discover', {})).body.result.capabilities
    expect(await found('/mcp/servers/one', TASKS)).toMatchObject(TASKS)
    expect(await found('/mcp/servers/one', {})).toEqual({ tools: {} })
    expect(await found('/mcp', {})).toMatchObject(TASKS)
  })
})

describe('whose task it is', () => {
  test('H2, G5: another’s task cannot be told from none, and neither can one at another endpoint', async () => {
    const { hub, upstream } = await start()
    later(upstream)
    const granting = grantsOf(hub)
    const mine = granting.token(await granting.grant(['tool:one/*']))
    const { taskId } = await taskClient(granting.as(mine)).call('slow')
    const others = granting.token(await granting.grant(['tool:one/*'], { person: OTHER_PERSON }), {})
    const stranger = taskClient(granting.as(others))
    const nothing = 'tsk_01JAAAAAAAAAAAAAAAAAAAAAAA'
    for (const [method, more] of [
      ['tasks/get', {}],
      ['tasks/update', { inputResponses: {} }],
      ['tasks/cancel', {}],
    ] as const) {
      const foreign = await stranger.ask(method, { taskId, ...more })
      const unknown = await stranger.ask(method, { taskId: nothing, ...more })
      expect(foreign.status).toBe(unknown.status)
      expect(foreign.text).toBe(unknown.text)
    }
    expect(await taskClient(granting.as(mine)).get(taskId)).toMatchObject({ status: 'working' })
  })

  test('G7: a revoked grant cancels its tasks at once, and their calls with them', async () => {
    const { hub, upstream } = await start()
    later(upstream)
    const granting = grantsOf(hub)
    const grant = await granting.grant(['tool:one/*'])
    const { taskId } = await taskClient(granting.as(granting.token(grant))).call('slow')
    await hub.hub.grants.revoke(grant, 'test')
    await until(() => upstream.cancelled === 1)
    const again = granting.token(await granting.grant(['tool:one/*']))
    // The same app of the same person, under a new grant, finds what became of it.
    expect(await taskClient(granting.as(again)).when(taskId, 'cancelled')).toMatchObject({
      statusMessage: 'The access under which this ran has ended.',
    })
  })

  test('a grant that does not cover the tool does not tell of its task', async () => {
    const { hub, upstream } = await start()
    later(upstream)
    const granting = grantsOf(hub)
    const { taskId } = await taskClient(
      granting.as(granting.token(await granting.grant(['tool:one/*']))),
    ).call('slow')
    const narrow = taskClient(granting.as(granting.token(await granting.grant(['tool:one/plain']))))
    expect((await narrow.ask('tasks/get', { taskId })).body.error.code).toBe(-32602)
  })

  test('limits: beyond tasksPerOwner nobody is refused a call, only the task', async () => {
    const { hub, upstream } = await start('limits: { tasksPerOwner: 1 }')
    const answer = later(upstream)
    const client = taskClient(hub)
    expect(await client.call('slow')).toMatchObject({ resultType: 'task' })
    const second = client.call('slow')
    setTimeout(() => answer(text('waited')), 700)
    expect(await second).toMatchObject({ resultType: 'complete', ...text('waited') })
  })
})

test('every change of a task is recorded with its grant and capability, and no word of its result', async () => {
  const { hub, upstream } = await start()
  const answer = later(upstream)
  const client = taskClient(hub)
  const { taskId } = await client.call('slow')
  answer(text('zzSECRET'))
  await client.when(taskId, 'completed')
  const { body } = await hub.api('GET', '/api/activity')
  const records = body.records.filter(({ action }: Json) => String(action).startsWith('task.'))
  expect(records.map(({ action, capability, note }: Json) => [action, capability, note])).toEqual([
    ['task.complete', 'tool:one/slow', `${taskId} completed`],
    ['task.create', 'tool:one/slow', `${taskId} working`],
  ])
  expect(JSON.stringify(body)).not.toContain('zzSECRET')
})
