import { listAt, objectAt, valueAt } from '../wire/json.ts'
import type { JsonObject } from '../wire/json.ts'
import { parse } from '../wire/json-rpc-client.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { Operation } from '../wire/operations.ts'
import { told } from '../wire/reply.ts'
import type { Reply } from '../wire/reply.ts'
import { insist, insistEqual } from './check.ts'
import type { Check } from './check.ts'
import { insistError } from './errors.ts'
import { streaming } from './needs.ts'
import { newId } from './scene.ts'

const bindings = ['JSONRPC'] as const

/** The JSON-RPC binding (§9). */
export const jsonRpcChecks: Check[] = [
  {
    proves: ['A2A-9.1-a', 'A2A-9.3-a'],
    says: 'an answer is application/json, in the envelope of JSON-RPC 2.0 with the id of its request',
    bindings,
    async run({ jsonRpc }) {
      for (const id of [1, 'text', 'ä', 9007199254740991]) {
        const reply = await jsonRpc.post(JSON.stringify(request('GetTask', { id: 'none' }, id)))
        const body = parse(reply.http?.text ?? '') ?? {}
        insistEqual([body['jsonrpc'], body['id']], ['2.0', id], 'version and id')
        insist(!('result' in body) && 'error' in body, 'it has not one of result and error')
        const type = reply.http?.headers['content-type'] ?? ''
        insist(type.startsWith('application/json'), `the type is ${type}`)
        insist((reply.http?.status ?? 500) < 500, `the status is ${reply.http?.status}`)
      }
      return 'numbers and strings'
    },
  },
  {
    proves: ['A2A-9.1-b', 'A2A-5.3-a'],
    says: 'every operation is a method of its name',
    bindings,
    async run({ jsonRpc }) {
      for (const name of Object.keys(OPERATIONS) as Operation[]) {
        const reply = await jsonRpc.call(name, { id: 'none', taskId: 'none' })
        insist(reply.error?.code !== -32601, `${name} is not known`)
      }
      insistEqual(
        (await jsonRpc.callMethod('sendMessage', {})).error?.code,
        -32601,
        'the answer to sendMessage',
      )
      return `${Object.keys(OPERATIONS).length} methods`
    },
  },
  {
    proves: ['A2A-9.5-a'],
    says: 'what is no JSON is a parse error',
    bindings,
    async run({ jsonRpc }) {
      for (const body of ['{"jsonrpc":"2.0",', 'tck', '{"a":1}{"b":2}']) {
        const reply = await jsonRpc.post(body)
        insistEqual(
          reply.error?.code,
          -32700,
          `the answer to ${JSON.stringify(body)}, ${told(reply)}, with the code`,
        )
        insistEqual(valueAt(parse(reply.http?.text ?? ''), 'id'), null, 'the id')
      }
      return '-32700'
    },
  },
  {
    proves: ['A2A-9.5-b', 'A2A-9.3-b'],
    says: 'what is no request is an invalid request',
    bindings,
    async run({ jsonRpc }) {
      const wrong = [
        { foo: 1 },
        { jsonrpc: '1.0', id: 1, method: 'GetTask', params: { id: 'x' } },
        { id: 1, method: 'GetTask', params: { id: 'x' } },
        { jsonrpc: '2.0', id: 1, method: 7, params: {} },
        { jsonrpc: '2.0', id: { a: 1 }, method: 'GetTask', params: { id: 'x' } },
      ]
      for (const body of wrong) {
        const reply = await jsonRpc.post(JSON.stringify(body))
        insistEqual(
          reply.error?.code,
          -32600,
          `the answer to ${JSON.stringify(body)}, ${told(reply)}, with the code`,
        )
      }
      return '-32600'
    },
  },
  {
    proves: ['A2A-9.5-c'],
    says: 'a method that is not there is not found',
    bindings,
    async run({ jsonRpc }) {
      for (const method of ['NonExistentMethod', 'constructor', '__proto__', 'message/nothing'])
        insistEqual((await jsonRpc.callMethod(method, {})).error?.code, -32601, `the answer to "${method}"`)
      return '-32601'
    },
  },
  {
    proves: ['A2A-9.5-d', 'A2A-3.3.2-g'],
    says: 'parameters that are wrong or missing are invalid parameters',
    bindings,
    async run({ jsonRpc }) {
      const wrong: JsonObject[] = [
        { jsonrpc: '2.0', id: 1, method: 'SendMessage' },
        request('SendMessage', {}),
        request('SendMessage', { message: 'hello' }),
        request('GetTask', {}),
        { jsonrpc: '2.0', id: 1, method: 'GetTask', params: 'x' },
        request('CancelTask', { id: '' }),
      ]
      for (const body of wrong) {
        const reply = await jsonRpc.post(JSON.stringify(body))
        const isRefused = reply.error?.code === -32602 || reply.error?.code === -32600
        insist(isRefused, `${JSON.stringify(body)} is answered with ${told(reply)}`)
      }
      return '-32602'
    },
  },
  {
    proves: ['A2A-9.5-e', 'A2A-3.3.2-l', 'A2A-3.3.2-m', 'A2A-3.3.2-n'],
    says: 'an error has code, message and typed details, and a code of its range',
    bindings,
    async run({ jsonRpc }) {
      const replies: Reply[] = [
        await jsonRpc.call('GetTask', { id: newId('none') }),
        await jsonRpc.call('CancelTask', { id: newId('none') }),
        await jsonRpc.call('SendMessage', { message: { messageId: '', role: 'ROLE_USER', parts: [] } }),
        await jsonRpc.call('GetTask', { id: 'x' }, { version: '99.0' }),
      ]
      for (const reply of replies) {
        const error = objectAt(parse(reply.http?.text ?? ''), 'error')
        const names = Object.keys(error).filter((name) => !['code', 'message', 'data'].includes(name))
        insistEqual(names, [], 'further members of an error')
        const code = Number(error['code'])
        insist(Number.isInteger(code) && code <= -32001 && code >= -32768, `the code is ${code}`)
        insist(error['data'] === undefined || Array.isArray(error['data']), 'data is no list')
        insist(
          listAt(error, 'data').every((each) => typeof each['@type'] === 'string'),
          'a detail has no @type',
        )
      }
      return `${replies.length} errors`
    },
  },
  {
    proves: ['A2A-9.1-c', 'A2A-9.4.2-a'],
    says: 'a stream is text/event-stream of JSON-RPC answers with the id of the request',
    bindings,
    needs: [streaming],
    async run(scene) {
      const stream = await scene.stream('tck-stream-001')
      await stream.rest()
      const type = stream.http?.headers['content-type'] ?? ''
      insist(type.startsWith('text/event-stream'), `the type is ${type}`)
      const ids = new Set(stream.envelopes.map(({ id }) => id))
      insistEqual(ids.size, 1, 'the number of ids')
      insist(
        stream.envelopes.every((each) => each['jsonrpc'] === '2.0' && 'result' in each),
        'an event is no answer',
      )
      return `${stream.envelopes.length} events`
    },
  },
  {
    proves: ['A2A-9.1-d', 'A2A-3.3.2-g'],
    says: 'a body that is not declared as JSON is refused',
    bindings,
    async run(scene) {
      const body = JSON.stringify(request('SendMessage', { message: scene.message('tck-complete-task') }))
      const reply = await scene.jsonRpc.post(body, { headers: { 'content-type': 'text/plain' } })
      // HTTP may refuse it before JSON-RPC is asked.
      if (reply.http?.status === 415) return '415'
      return insistError('JSONRPC', reply, 'CONTENT_TYPE_NOT_SUPPORTED')
    },
  },
  {
    proves: ['A2A-8.3.1-b'],
    says: 'the address is the same with a slash at its end',
    bindings,
    async run(scene) {
      const { url, ...own } = scene.interfaceOf('JSONRPC', '1.0')!
      const { createJsonRpcClient } = await import('../wire/json-rpc-client.ts')
      const reply = await createJsonRpcClient({ ...own, url: `${url.replace(/\/$/, '')}/` }).call('GetTask', {
        id: 'x',
      })
      return insistError('JSONRPC', reply, 'TASK_NOT_FOUND')
    },
  },
]

function request(method: string, params: JsonObject, id: string | number = 1): JsonObject {
  return { jsonrpc: '2.0', id, method, params }
}
