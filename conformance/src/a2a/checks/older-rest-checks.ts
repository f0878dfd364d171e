import { interfaceOf } from '../subject.ts'
import { createHttpJsonClient } from '../wire/http-json-client.ts'
import type { HttpJsonClient } from '../wire/http-json-client.ts'
import { requestHeaders } from '../wire/json-rpc-client.ts'
import { listAt, objectAt, textAt, valueAt } from '../wire/json.ts'
import type { JsonObject } from '../wire/json.ts'
import { told } from '../wire/reply.ts'
import type { ClientOptions } from '../wire/reply.ts'
import { streamOverHttp } from '../wire/stream-over-http.ts'
import { insist, insistEqual, NotJudged } from './check.ts'
import type { Check } from './check.ts'
import { signedIn, streaming } from './needs.ts'
import { newId, stateOf } from './scene.ts'
import type { Scene } from './scene.ts'

const bindings = ['HTTP+JSON'] as const
const version = '0.3'

/** A2A 0.3 over HTTP+JSON: `/v1/…` below the interface, in the JSON form of its proto. */
export const olderRestChecks: Check[] = [
  {
    proves: ['A2A-0.3-h', 'A2A-3.6.2-c'],
    says: 'POST /v1/message:send of 0.3 is answered with a task, with and without the version',
    bindings,
    version,
    async run(scene) {
      for (const each of [null, '', '0.3']) {
        const reply = await rest(scene).send('POST', '/v1/message:send', body('tck-artifact-text'), {
          version: each,
        })
        const task = objectAt(reply.result, 'task')
        insistEqual(stateOf(task), 'TASK_STATE_COMPLETED', told(reply))
        const [part] = listAt(listAt(task, 'artifacts')[0], 'parts')
        insistEqual(textAt(part, 'text'), 'Generated text content', 'the part')
      }
      return 'a task'
    },
  },
  {
    proves: ['A2A-0.3-h'],
    says: 'GET /v1/tasks/{id} and its :cancel of 0.3 do what they are called, and say what is wrong',
    bindings,
    version,
    async run(scene) {
      const client = rest(scene)
      const sent = await client.send('POST', '/v1/message:send', body('own-ask'))
      const id = textAt(sent.result, 'task', 'id')
      const read = await client.send('GET', `/v1/tasks/${id}`)
      insistEqual([read.result?.['id'], stateOf(read.result)], [id, 'TASK_STATE_INPUT_REQUIRED'], told(read))
      const ended = await client.send('POST', `/v1/tasks/${id}:cancel`, '{}')
      insistEqual(stateOf(ended.result), 'TASK_STATE_CANCELLED', told(ended))
      const none = await client.send('GET', `/v1/tasks/${newId('nonexistent')}`)
      insistEqual(none.http?.status, 404, told(none))
      return 'read, cancelled'
    },
  },
  {
    proves: ['A2A-0.3-h'],
    says: 'POST /v1/message:stream of 0.3 is a stream, the last event of which is final',
    bindings,
    version,
    needs: [streaming],
    async run(scene) {
      const client = restOptions(scene)
      const stream = scene.opened(
        await streamOverHttp(
          {
            url: `${rootOf(client)}/v1/message:stream`,
            method: 'POST',
            headers: requestHeaders(client, {}),
            body: body('tck-stream-003'),
          },
          { readEvent: (event) => ({ event }), readReply: (http) => ({ http }) },
        ),
      )
      const events = await stream.rest()
      const kinds = events.map((event) => Object.keys(event)[0])
      insistEqual(kinds, ['task', 'statusUpdate', 'artifactUpdate', 'statusUpdate'], 'the events')
      insistEqual(valueAt(events.at(-1), 'statusUpdate', 'final'), true, 'final of the last')
      return kinds.join(' → ')
    },
  },
  {
    proves: ['A2A-0.3-h'],
    says: 'GET /v1/card of 0.3 is a card',
    bindings,
    version,
    async run(scene) {
      const reply = await rest(scene).send('GET', '/v1/card')
      if (reply.http?.status === 404) throw new NotJudged('there is no extended card')
      insist(textAt(reply.result, 'name') !== '', told(reply))
      return textAt(reply.result, 'name')
    },
  },
  {
    proves: ['A2A-7.4-a', 'A2A-0.3-h'],
    says: 'addresses of 0.3 want a credential too',
    bindings,
    version,
    needs: [signedIn],
    async run(scene) {
      const options = { token: null }
      const replies = [
        await rest(scene).send('POST', '/v1/message:send', body('tck-complete-task'), options),
        await rest(scene).send('GET', '/v1/tasks/none', undefined, options),
        await rest(scene).send('GET', '/v1/card', undefined, options),
      ]
      for (const reply of replies) insistEqual(reply.http?.status, 401, told(reply))
      return '401'
    },
  },
]

function rest(scene: Scene): HttpJsonClient {
  const client = restOptions(scene)
  const own = createHttpJsonClient({ ...client, url: rootOf(client) })
  // 0.3 knows no media type of its own.
  const send: HttpJsonClient['send'] = (method, path, text, options = {}) =>
    own.send(method, path, text, {
      ...options,
      headers: { 'content-type': 'application/json', ...options.headers },
    })
  return { ...own, send }
}

function restOptions(scene: Scene): ClientOptions {
  const own = interfaceOf(scene.subject, 'HTTP+JSON', version)
  if (own === undefined) throw new NotJudged('the card has no HTTP+JSON of 0.3')
  return own
}

/** Some cards of 0.3 write the address with its `/v1`. */
function rootOf({ url }: ClientOptions): string {
  return url.replace(/\/$/, '').replace(/\/v1$/, '')
}

function body(script: string, more: JsonObject = {}): string {
  const message = { messageId: newId(script), role: 'ROLE_USER', content: [{ text: 'Hello' }], ...more }
  return JSON.stringify({ message, configuration: { blocking: true } })
}
