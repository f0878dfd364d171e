import { listAt, objectAt, textAt } from '../wire/json.ts'
import { parse } from '../wire/json-rpc-client.ts'
import { told } from '../wire/reply.ts'
import { insist, insistEqual } from './check.ts'
import type { Check } from './check.ts'
import { insistError } from './errors.ts'
import { streaming } from './needs.ts'
import { newId, stateOf } from './scene.ts'
import { kindOf } from './stream-checks.ts'

const bindings = ['HTTP+JSON'] as const

/** The HTTP+JSON binding (§11). */
export const httpJsonChecks: Check[] = [
  {
    proves: ['A2A-11.1-a'],
    says: 'answers and errors are application/a2a+json',
    bindings,
    async run(scene) {
      const good = await scene.send('tck-complete-task')
      const bad = await scene.call('GetTask', { id: newId('none') })
      const types = [good, bad].map(({ http }) => http?.headers['content-type'] ?? '')
      insist(
        types.every((type) => type.startsWith('application/a2a+json')),
        `the types are ${types.join(', ')}`,
      )
      return types.join(', ')
    },
  },
  {
    proves: ['A2A-11.1-b'],
    says: 'a request may be application/json or application/a2a+json, and nothing else',
    bindings,
    async run(scene) {
      const body = () => JSON.stringify({ message: scene.message('tck-complete-task') })
      for (const type of ['application/json', 'application/a2a+json', 'application/json; charset=utf-8']) {
        const reply = await scene.httpJson.send('POST', '/message:send', body(), {
          headers: { 'content-type': type },
        })
        insist(reply.result !== undefined, `${type} is answered with ${told(reply)}`)
      }
      const headers = { 'content-type': 'text/plain' }
      const other = await scene.httpJson.send('POST', '/message:send', body(), { headers })
      return insistError('HTTP+JSON', other, 'CONTENT_TYPE_NOT_SUPPORTED')
    },
  },
  {
    proves: ['A2A-11.3-a', 'A2A-5.3-a'],
    says: 'each operation has its address and method, and other methods have none',
    bindings,
    async run(scene) {
      const { id } = await scene.task('own-ask')
      insist((await scene.httpJson.send('GET', `/tasks/${String(id)}`)).result, 'GET of the task')
      insist((await scene.httpJson.send('GET', '/tasks')).result, 'GET of the tasks')
      insist(
        (await scene.httpJson.send('POST', `/tasks/${String(id)}:cancel`, '{}')).result,
        'POST to cancel',
      )
      for (const [method, path] of [
        ['GET', '/message:send'],
        ['DELETE', `/tasks/${String(id)}`],
        ['GET', '/nowhere'],
        ['POST', '/tasks/x:nothing'],
      ] as const) {
        const status = (await scene.httpJson.send(method, path)).http?.status ?? 0
        insist(status === 404 || status === 405, `${method} ${path} is answered with ${status}`)
      }
      return 'GET, POST; 404 or 405 for others'
    },
  },
  {
    proves: ['A2A-11.3-b'],
    says: 'cancelling needs no body',
    bindings,
    async run(scene) {
      const { id } = await scene.task('own-ask')
      const reply = await scene.httpJson.send('POST', `/tasks/${String(id)}:cancel`)
      insistEqual(stateOf(reply.result), 'TASK_STATE_CANCELED', told(reply))
      return 'cancelled'
    },
  },
  {
    proves: ['A2A-11.3-c'],
    says: 'subscribing is a POST, and the GET of the proto',
    bindings,
    needs: [streaming],
    async run(scene) {
      const { streamOverHttp } = await import('../wire/stream-over-http.ts')
      const { requestHeaders } = await import('../wire/json-rpc-client.ts')
      const client = scene.interfaceOf('HTTP+JSON', '1.0')!
      for (const method of ['POST', 'GET']) {
        const { id } = await scene.task('own-ask')
        const stream = await streamOverHttp(
          {
            url: `${client.url.replace(/\/$/, '')}/tasks/${String(id)}:subscribe`,
            method,
            headers: requestHeaders(client, {}),
          },
          { readEvent: (event) => ({ event }), readReply: (http) => ({ http }) },
        )
        scene.opened(stream)
        insist('task' in ((await stream.next()) ?? {}), `${method} does not begin with the task`)
      }
      return 'both'
    },
  },
  {
    proves: ['A2A-11.5-a', 'A2A-11.5-b'],
    says: 'requests without a body have their fields in the query, in camelCase, encoded as needed',
    bindings,
    async run(scene) {
      const task = await scene.task('tck-artifact-text')
      const contextId = textAt(task, 'contextId')
      const query = `contextId=${encodeURIComponent(contextId)}&status=TASK_STATE_COMPLETED&pageSize=1&includeArtifacts=true&historyLength=0&statusTimestampAfter=${encodeURIComponent('2020-01-01T00:00:00Z')}`
      const list = await scene.httpJson.send('GET', `/tasks?${query}`)
      const [found] = listAt(list.result, 'tasks')
      insistEqual([found?.['id'], listAt(found, 'artifacts').length], [task['id'], 1], told(list))
      const odd = await scene.httpJson.send('GET', `/tasks?contextId=${encodeURIComponent('a b&c=d/ü%')}`)
      insistEqual(listAt(odd.result, 'tasks').length, 0, `the tasks of an odd context, ${told(odd)},`)
      const read = await scene.httpJson.send('GET', `/tasks/${String(task['id'])}?historyLength=0`)
      insistEqual(listAt(read.result, 'history').length, 0, 'the history')
      return 'strings, numbers, booleans, states and times'
    },
  },
  {
    proves: ['A2A-11.6-a', 'A2A-3.3.2-l', 'A2A-3.3.2-m', 'A2A-3.3.2-n'],
    says: 'an error has its status, code, message and typed details',
    bindings,
    async run(scene) {
      const reply = await scene.call('GetTask', { id: newId('none') })
      insistError('HTTP+JSON', reply, 'TASK_NOT_FOUND')
      const error = objectAt(parse(reply.http?.text ?? ''), 'error')
      insistEqual([error['code'], error['status']], [404, 'NOT_FOUND'], 'code and status')
      const info = listAt(error, 'details')[0]
      insistEqual(info?.['@type'], 'type.googleapis.com/google.rpc.ErrorInfo', 'the type of the detail')
      return '404 NOT_FOUND'
    },
  },
  {
    proves: ['A2A-11.6-b', 'A2A-3.3.2-g'],
    says: 'what is no JSON, or no request, is a bad request in the form of errors',
    bindings,
    async run(scene) {
      for (const body of ['{"message":', '[]', '"text"', '{}', 'null']) {
        const reply = await scene.httpJson.send('POST', '/message:send', body)
        insistEqual(reply.http?.status, 400, `the status for ${body}`)
        const error = objectAt(parse(reply.http?.text ?? ''), 'error')
        insist(
          error['code'] === 400 && textAt(error, 'message') !== '',
          `${body} is answered with ${told(reply)}`,
        )
      }
      return '400'
    },
  },
  {
    proves: ['A2A-11.7-a'],
    says: 'a stream is text/event-stream whose events are StreamResponses',
    bindings,
    needs: [streaming],
    async run(scene) {
      const stream = await scene.stream('tck-stream-001')
      await stream.rest()
      const type = stream.http?.headers['content-type'] ?? ''
      insist(type.startsWith('text/event-stream'), `the type is ${type}`)
      return stream.events.map(kindOf).join(' → ')
    },
  },
]
