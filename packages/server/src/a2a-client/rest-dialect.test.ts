import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { json, linkToRaw, TASK, WORKING, type Asked } from './fixtures/raw-agent.ts'
import { codeOf, gather, OPTIONS, sending } from './fixtures/test-kit.ts'
import { createRestDialect } from './rest-dialect.ts'
import { WORDINGS } from './wording.ts'

const TYPE = 'application/a2a+json'
const REST = { protocolBinding: 'HTTP+JSON' } as const
const dialect = createRestDialect('/agents/a/', WORDINGS['1.0'])

function written(...[operation, request]: Parameters<typeof dialect.write>): string[] {
  const { method, path, body } = dialect.write(operation, request)
  return [method, path, body.toString()]
}

describe('§11: requests of HTTP+JSON', () => {
  it.each([
    ['SendMessage', sending('a'), 'POST', '/agents/a/message:send', JSON.stringify(sending('a'))],
    [
      'GetTask',
      { id: 'a b/c?', historyLength: 3 },
      'GET',
      '/agents/a/tasks/a%20b%2Fc%3F?historyLength=3',
      '',
    ],
    [
      'CancelTask',
      { id: 't', metadata: { a: 1 } },
      'POST',
      '/agents/a/tasks/t:cancel',
      '{"metadata":{"a":1}}',
    ],
    ['SubscribeToTask', { id: 't', tenant: 'blue' }, 'POST', '/agents/a/blue/tasks/t:subscribe', ''],
    [
      'ListTasks',
      { contextId: 'ü&=', status: 'TASK_STATE_WORKING', pageSize: 5, includeArtifacts: false },
      'GET',
      '/agents/a/tasks?contextId=%C3%BC%26%3D&status=TASK_STATE_WORKING&pageSize=5&includeArtifacts=false',
      '',
    ],
    [
      'GetTaskPushNotificationConfig',
      { taskId: 't', id: 'c', tenant: 'x/y' },
      'GET',
      '/agents/a/x%2Fy/tasks/t/pushNotificationConfigs/c',
      '',
    ],
    [
      'DeleteTaskPushNotificationConfig',
      { taskId: 't', id: 'c' },
      'DELETE',
      '/agents/a/tasks/t/pushNotificationConfigs/c',
      '',
    ],
    ['GetExtendedAgentCard', {}, 'GET', '/agents/a/extendedAgentCard', ''],
  ] as const)('%s', (operation, request, ...wanted) => {
    expect(written(operation, request)).toEqual(wanted)
  })

  it.each(['', '.', '..', '\ud800', 5, undefined])('never leads elsewhere: id %j', (id) => {
    expect(() => written('GetTask', { id })).toThrow('cannot stand in an address')
  })
})

/** What a call comes to when the agent answers so. */
async function callOf(answer: (asked: Asked, res: ServerResponse) => void) {
  await using agent = await linkToRaw(answer, REST)
  return {
    code: await codeOf(agent.link.call('GetTask', { id: 't1' }, OPTIONS)),
    state: agent.link.health().state,
  }
}

const statusBody = (code: number, reason?: string) => ({
  error: {
    code,
    status: 'X',
    message: 'words of the agent',
    details: reason && [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'a2a-protocol.org' },
    ],
  },
})

describe('§11.6: errors of HTTP+JSON', () => {
  it.each([
    [404, statusBody(404, 'TASK_NOT_FOUND'), 'task_not_found', 'ready'],
    [400, statusBody(400, 'TASK_NOT_CANCELABLE'), 'task_not_cancelable', 'ready'],
    [400, statusBody(400), 'invalid_params', 'ready'],
    [404, 'not here', 'upstream_unavailable', 'failing'],
    [500, { oops: true }, 'upstream_unavailable', 'failing'],
    [200, { oops: true }, 'upstream_invalid', 'failing'],
    [200, '', 'upstream_invalid', 'failing'],
    [401, statusBody(401), 'upstream_unavailable', 'failing'],
  ])('%i %j', async (status, body, code, state) => {
    expect(await callOf((_, res) => json(res, body, status, TYPE))).toEqual({ code, state })
  })
})

it('asks by GET where an agent knows subscriptions so alone', async () => {
  await using agent = await linkToRaw(({ method }, res) => {
    if (method !== 'GET') return json(res, 'Not Found', 404, 'text/plain')
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.end(
      `data: ${JSON.stringify({ task: TASK })}\n\ndata: ${JSON.stringify({ statusUpdate: WORKING })}\n\n`,
    )
  }, REST)
  const events = await gather(agent.link, 'SubscribeToTask', { id: 't1' }).over
  expect(events).toEqual([{ task: TASK }, { statusUpdate: WORKING }])
  expect(agent.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /a2a/tasks/t1:subscribe',
    'GET /a2a/tasks/t1:subscribe',
  ])
})

it('does not ask again where the agent says that there is no such task', async () => {
  await using agent = await linkToRaw(
    (_, res) => json(res, statusBody(404, 'TASK_NOT_FOUND'), 404, TYPE),
    REST,
  )
  expect(await codeOf(gather(agent.link, 'SubscribeToTask', { id: 't1' }).over)).toBe('task_not_found')
  expect(agent.asked).toHaveLength(1)
})

it('hears an error that comes as an event', async () => {
  await using agent = await linkToRaw((_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.end(
      `data: ${JSON.stringify({ task: TASK })}\n\nevent: error\ndata: ${JSON.stringify(statusBody(500, 'TASK_NOT_FOUND'))}\n\n`,
    )
  }, REST)
  const stream = gather(agent.link, 'SendStreamingMessage', sending('go'))
  expect(await codeOf(stream.over)).toBe('task_not_found')
  expect(stream.events).toEqual([{ task: TASK }])
})
