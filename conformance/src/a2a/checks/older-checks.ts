import { interfaceOf } from '../subject.ts'
import type { EventStream } from '../wire/event-stream.ts'
import { exchange } from '../wire/http-exchange.ts'
import { createJsonRpcClient, parse } from '../wire/json-rpc-client.ts'
import type { JsonRpcClient } from '../wire/json-rpc-client.ts'
import { listAt, objectAt, textAt, valueAt } from '../wire/json.ts'
import type { Json, JsonObject } from '../wire/json.ts'
import { told } from '../wire/reply.ts'
import type { CallOptions, Reply } from '../wire/reply.ts'
import { insist, insistEqual, NotJudged } from './check.ts'
import type { Check } from './check.ts'
import { extending, pushing, signedIn, streaming } from './needs.ts'
import { newId } from './scene.ts'
import type { Scene } from './scene.ts'

const bindings = ['JSONRPC'] as const
const version = '0.3'

/** A2A 0.3 over JSON-RPC. */
export const olderChecks: Check[] = [
  {
    proves: ['A2A-0.3-a', 'A2A-3.6.2-a', 'A2A-3.6.2-c'],
    says: 'message/send of 0.3 is answered with a task of 0.3, with and without the version',
    bindings,
    version,
    async run(scene) {
      for (const each of [null, '', '0.3']) {
        const reply = await rpc(scene).callMethod('message/send', older(scene, 'tck-artifact-text'), {
          version: each,
        })
        const task = reply.result ?? {}
        insistEqual([task['kind'], valueAt(task, 'status', 'state')], ['task', 'completed'], told(reply))
        const [part] = listAt(listAt(task, 'artifacts')[0], 'parts')
        insistEqual([part?.['kind'], part?.['text']], ['text', 'Generated text content'], 'the part')
      }
      return 'a task of 0.3'
    },
  },
  {
    proves: ['A2A-3.6-b'],
    says: 'a patch number of 0.3 makes no difference',
    bindings,
    version,
    async run(scene) {
      const params = older(scene, 'tck-complete-task')
      const reply = await rpc(scene).callMethod('message/send', params, { version: '0.3.0' })
      insistEqual(reply.result?.['kind'], 'task', told(reply))
      return '0.3.0'
    },
  },
  {
    proves: ['A2A-0.3-a'],
    says: 'message/send of 0.3 is answered with a message of 0.3 where the agent answers so',
    bindings,
    version,
    async run(scene) {
      const reply = await rpc(scene).callMethod('message/send', older(scene, 'tck-message-response'))
      insistEqual([reply.result?.['kind'], reply.result?.['role']], ['message', 'agent'], told(reply))
      return 'a message of 0.3'
    },
  },
  {
    proves: ['A2A-0.3-a'],
    says: 'blocking false is answered while the task goes on',
    bindings,
    version,
    async run(scene) {
      const params = { ...older(scene, 'own-slow'), configuration: { blocking: false } }
      const reply = await rpc(scene).callMethod('message/send', params)
      const state = textAt(reply.result, 'status', 'state')
      insist(['submitted', 'working'].includes(state), told(reply))
      return state
    },
  },
  {
    proves: ['A2A-0.3-b'],
    says: 'text, files and data of 0.3 go to the agent and come back as they are',
    bindings,
    version,
    async run(scene) {
      const parts: JsonObject[] = [
        { kind: 'text', text: 'Grüße' },
        { kind: 'file', file: { bytes: 'AAH+/w==', mimeType: 'application/octet-stream', name: 'a.bin' } },
        { kind: 'file', file: { uri: 'https://example.com/a', mimeType: 'image/png', name: 'a.png' } },
        { kind: 'data', data: { a: [1, true, null], b: { c: 'd' } } },
      ]
      const params = older(scene, 'own-echo')
      const message = { ...objectAt(params, 'message'), parts }
      const reply = await rpc(scene).callMethod('message/send', { message })
      const back = listAt(listAt(reply.result, 'artifacts')[0], 'parts')
      insistEqual(back.map(sorted), parts.map(sorted), 'what came back')
      return `${parts.length} parts`
    },
  },
  {
    proves: ['A2A-0.3-c'],
    says: 'message/stream of 0.3 has events of 0.3, the last of them final',
    bindings,
    version,
    needs: [streaming],
    async run(scene) {
      const stream = await rpc(scene).openMethod('message/stream', older(scene, 'tck-stream-003'))
      const events = await scene.opened(stream).rest()
      const kinds = events.map(({ kind }) => String(kind))
      insistEqual(kinds, ['task', 'status-update', 'artifact-update', 'status-update'], 'the kinds')
      insistEqual(
        [events.at(-1)?.['final'], valueAt(events.at(-1), 'status', 'state')],
        [true, 'completed'],
        'the last',
      )
      insist(
        events.slice(0, -1).every((event) => event['final'] !== true),
        'an earlier one is final',
      )
      return kinds.join(' → ')
    },
  },
  {
    proves: ['A2A-0.3-d'],
    says: 'tasks/get and tasks/cancel of 0.3 do what they are called, and say what is wrong',
    bindings,
    version,
    async run(scene) {
      const client = rpc(scene)
      const asked = (await client.callMethod('message/send', older(scene, 'own-ask'))).result ?? {}
      insistEqual(valueAt(asked, 'status', 'state'), 'input-required', 'the state')
      const { id } = asked
      const read = await client.callMethod('tasks/get', { id, historyLength: 1 })
      insistEqual([read.result?.['kind'], read.result?.['id']], ['task', id], told(read))
      insistEqual(listAt(read.result, 'history').length, 1, 'the length of the history')
      const ended = await client.callMethod('tasks/cancel', { id })
      insistEqual(valueAt(ended.result, 'status', 'state'), 'canceled', told(ended))
      const done = (await client.callMethod('message/send', older(scene, 'tck-complete-task'))).result ?? {}
      const late = await client.callMethod('tasks/cancel', { id: done['id'] })
      insistEqual(late.error?.code, -32002, 'cancelling what is finished')
      const none = { id: newId('nonexistent') }
      insistEqual((await client.callMethod('tasks/get', none)).error?.code, -32001, 'reading none')
      insistEqual((await client.callMethod('tasks/cancel', none)).error?.code, -32001, 'cancelling none')
      return 'read, cancelled'
    },
  },
  {
    proves: ['A2A-0.3-d'],
    says: 'a second turn of 0.3 goes on with the task',
    bindings,
    version,
    async run(scene) {
      const client = rpc(scene)
      const asked = (await client.callMethod('message/send', older(scene, 'own-ask'))).result ?? {}
      const params = older(scene, 'tck-complete-task', { taskId: asked['id'], contextId: asked['contextId'] })
      const next = await client.callMethod('message/send', params)
      insistEqual(
        [next.result?.['id'], valueAt(next.result, 'status', 'state')],
        [asked['id'], 'completed'],
        told(next),
      )
      return 'completed'
    },
  },
  {
    proves: ['A2A-0.3-c'],
    says: 'tasks/resubscribe of 0.3 tells what follows',
    bindings,
    version,
    needs: [streaming],
    async run(scene) {
      const client = rpc(scene)
      const { id } = (await client.callMethod('message/send', older(scene, 'own-ask'))).result ?? {}
      const stream = scene.opened(await client.openMethod('tasks/resubscribe', { id }))
      await client.callMethod('message/send', older(scene, 'tck-complete-task', { taskId: id }))
      const last = (await stream.rest()).at(-1)
      insistEqual(
        [last?.['kind'], last?.['final'], valueAt(last, 'status', 'state')],
        ['status-update', true, 'completed'],
        'the last event',
      )
      return 'completed'
    },
  },
  {
    proves: ['A2A-0.3-e'],
    says: 'webhooks of 0.3 are set, read, listed and deleted, and get what happens in the words of 0.3',
    bindings,
    version,
    needs: [pushing],
    run: playOlderWebhooks,
  },
  {
    proves: ['A2A-0.3-f'],
    says: 'errors of 0.3 have the codes of JSON-RPC, and the id of their request',
    bindings,
    version,
    async run(scene) {
      const client = rpc(scene)
      const wrong: Array<[JsonObject, number]> = [
        [{ jsonrpc: 'aaa', id: 'a', method: 'message/send', params: {} }, -32600],
        [{ jsonrpc: '1.0', id: 'b', method: 'tasks/get', params: { id: 'x' } }, -32600],
        [{ jsonrpc: '2.0', id: 'c', params: {} }, -32600],
        [{ jsonrpc: '2.0', params: {} }, -32600],
        [{ jsonrpc: '2.0', id: { bad: 'type' }, method: 'message/send', params: {} }, -32600],
        [{ jsonrpc: '2.0', method: 'message/ssend', params: {} }, -32601],
        [{ jsonrpc: '2.0', id: 'd', method: 'ListTasks', params: {} }, -32601],
        [{ jsonrpc: '2.0', method: 'message/send', params: { '': 'not_a_dict' } }, -32602],
        [
          { jsonrpc: '2.0', id: 'e', method: 'message/send', params: { message: { kind: 'message' } } },
          -32602,
        ],
        [
          { jsonrpc: '2.0', id: 'f', method: 'message/send', params: { message: { parts: 'invalid' } } },
          -32602,
        ],
      ]
      for (const [body, code] of wrong) {
        const reply = await client.post(JSON.stringify(body), { version: null })
        insistEqual(
          [reply.http?.status, reply.error?.code],
          [200, code],
          `${JSON.stringify(body)}: ${told(reply)}`,
        )
        const id = valueAt(parse(reply.http?.text ?? ''), 'id')
        if (typeof body['id'] === 'string')
          insistEqual(id, body['id'], `the id of the answer to ${JSON.stringify(body)}`)
      }
      insistEqual(
        (await client.post('{"jsonrpc": "2.0", "method": "message/send"', { version: null })).error?.code,
        -32700,
        'no JSON',
      )
      return `${wrong.length} errors`
    },
  },
  {
    proves: ['A2A-0.3-g'],
    says: 'the extended card of 0.3 is a card of 0.3',
    bindings,
    version,
    needs: [extending],
    async run(scene) {
      const reply = await rpc(scene).callMethod('agent/getAuthenticatedExtendedCard', undefined)
      if (reply.error !== undefined) {
        insistEqual(reply.error.code, -32007, told(reply))
        return '-32007'
      }
      return insistOlderCard(reply.result ?? {})
    },
  },
  {
    proves: ['A2A-0.3-g'],
    says: 'who asks for the card without a version gets what a client of 0.3 needs',
    bindings: 'once',
    version,
    async run({ subject }) {
      const authorization = subject.token === undefined ? {} : { authorization: `Bearer ${subject.token}` }
      const answer = await exchange({ url: subject.cardUrl, method: 'GET', headers: authorization })
      return insistOlderCard(parse(answer.text) ?? {})
    },
  },
  {
    proves: ['A2A-7.4-a', 'A2A-0.3-a'],
    says: 'methods of 0.3 want a credential too',
    bindings,
    version,
    needs: [signedIn],
    async run(scene) {
      for (const method of [
        'message/send',
        'message/stream',
        'tasks/get',
        'tasks/cancel',
        'tasks/resubscribe',
      ]) {
        const reply = await rpc(scene).callMethod(method, older(scene, 'tck-complete-task'), { token: null })
        insistEqual(reply.http?.status, 401, `${method}: ${told(reply)}`)
      }
      return '401'
    },
  },
]

/** A client of the interface of 0.3; the check is not judged where the card has none. */
export function rpc(scene: Scene): JsonRpcClient {
  const own = interfaceOf(scene.subject, 'JSONRPC', version)
  if (own === undefined) throw new NotJudged('the card has no JSON-RPC of 0.3')
  const extension = own.extensions === undefined ? {} : { 'x-a2a-extensions': own.extensions }
  const client = createJsonRpcClient(own)
  const withExtension = (options: CallOptions = {}): CallOptions => ({
    ...options,
    headers: { ...extension, ...options.headers },
  })
  return {
    ...client,
    callMethod: (method, params, options): Promise<Reply> =>
      client.callMethod(method, params, withExtension(options)),
    openMethod: (method, params, options): Promise<EventStream> =>
      client.openMethod(method, params, withExtension(options)),
  }
}

function older(_scene: Scene, script: string, more: JsonObject = {}): JsonObject {
  const parts = [{ kind: 'text', text: 'Hello' }]
  return { message: { kind: 'message', messageId: newId(script), role: 'user', parts, ...more } }
}

async function playOlderWebhooks(scene: Scene): Promise<string> {
  const client = rpc(scene)
  const result = async (method: string, params: JsonObject) => {
    const reply = await client.callMethod(method, params)
    insist(reply.error === undefined, `${method}: ${told(reply)}`)
    return reply.result ?? {}
  }
  const { id: taskId } = await result('message/send', older(scene, 'own-ask'))
  const path = newId('older-hook')
  const config = { id: newId('config'), url: scene.webhooks.url(path), token: 'a-token' }
  const set = await result('tasks/pushNotificationConfig/set', { taskId, pushNotificationConfig: config })
  insistEqual(
    [set['taskId'], textAt(set, 'pushNotificationConfig', 'url')],
    [taskId, config.url],
    'what was set',
  )
  const own = { id: taskId, pushNotificationConfigId: config.id }
  const read = await result('tasks/pushNotificationConfig/get', own)
  insistEqual(textAt(read, 'pushNotificationConfig', 'url'), config.url, 'what is read')
  const reply = await client.callMethod('tasks/pushNotificationConfig/list', { id: taskId })
  const list = valueAt(parse(reply.http?.text ?? ''), 'result')
  insist(Array.isArray(list) && list.length === 1, `the list is ${told(reply)}`)
  await result('message/send', older(scene, 'tck-complete-task', { taskId }))
  const seen = await scene.webhooks.wait(path, (all) =>
    all.some(({ body }) => valueAt(body, 'status', 'state') === 'completed'),
  )
  insist(seen.length > 0, 'nothing came within 5 s')
  insist(
    seen.every(({ body }) => typeof body['kind'] === 'string'),
    `a notification has no kind: ${JSON.stringify(seen[0]?.body).slice(0, 100)}`,
  )
  await result('tasks/pushNotificationConfig/delete', own)
  return `${seen.length} notifications`
}

function insistOlderCard(card: JsonObject): string {
  for (const name of [
    'name',
    'description',
    'url',
    'version',
    'protocolVersion',
    'capabilities',
    'skills',
    'defaultInputModes',
    'defaultOutputModes',
  ])
    insist(card[name] !== undefined, `${name} is missing`)
  const version = textAt(card, 'protocolVersion')
  insist(version.startsWith('0.3'), `protocolVersion is ${version}`)
  return `${version} at ${textAt(card, 'preferredTransport') || 'JSONRPC'}`
}

function sorted(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value ?? null
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((name) => [name, sorted(value[name])]),
  )
}
