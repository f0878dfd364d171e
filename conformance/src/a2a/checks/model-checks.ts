import { isObject, listAt, textAt, valueAt } from '../wire/json.ts'
import type { Json, JsonObject } from '../wire/json.ts'
import { told } from '../wire/reply.ts'
import { shapeComplaints, TIMESTAMP } from '../wire/shape.ts'
import { insist, insistEqual } from './check.ts'
import type { Check } from './check.ts'
import { insistInvalid } from './errors.ts'
import { newId } from './scene.ts'
import type { Scene } from './scene.ts'

const overHttp = ['JSONRPC', 'HTTP+JSON'] as const

/** The data model and its JSON form (§4, §5.5 to §5.7). */
export const modelChecks: Check[] = [
  {
    proves: ['A2A-4.1.6-a', 'A2A-4.1.7-a', 'A2A-5.1-b'],
    says: 'text, bytes, addresses and data go to the agent and come back as they are',
    async run(scene) {
      const parts = everyPart()
      const task = await scene.task('own-echo', { message: { parts } })
      const back = listAt(listAt(task, 'artifacts')[0], 'parts')
      insistEqual(back.map(sorted), parts.map(sorted), 'what came back')
      return `${parts.length} parts`
    },
  },
  {
    proves: ['A2A-4.1.6-a'],
    says: 'data may be null',
    // The codec of gRPC cannot write it.
    bindings: overHttp,
    async run(scene) {
      const task = await scene.task('own-echo', { message: { parts: [{ data: null }] } })
      insistEqual(listAt(listAt(task, 'artifacts')[0], 'parts'), [{ data: null }], 'what came back')
      return 'null'
    },
  },
  {
    proves: ['A2A-4.1.7-a'],
    says: 'artifacts with audio, images and data come as they are',
    async run(scene) {
      const task = await scene.task('own-media')
      const complaints = shapeComplaints('Task', task)
      insist(complaints.length === 0, complaints.join('; '))
      const media = listAt(task, 'artifacts').map((each) => textAt(listAt(each, 'parts')[0], 'mediaType'))
      insistEqual(media, ['audio/wav', 'image/png', 'application/json'], 'the media types')
      const audio = textAt(listAt(listAt(task, 'artifacts')[0], 'parts')[0], 'raw')
      insistEqual(Buffer.from(audio, 'base64').length, 1044, 'the length of the audio in bytes')
      return media.join(', ')
    },
  },
  {
    proves: ['A2A-5.5-a', 'A2A-5.5-b', 'A2A-A.2-a'],
    says: 'names are in camelCase, states and roles as the proto names them, and there is no kind',
    bindings: overHttp,
    async run(scene) {
      const reply = await scene.send('own-ask')
      const names = namesIn(JSON.parse(reply.http?.text ?? '{}') as Json)
      const wrong = [...names].filter(
        (name) => name === 'kind' || (/[_-]/.test(name) && !name.startsWith('@')),
      )
      insistEqual(wrong, [], 'names that are none')
      insistEqual(valueAt(reply.result, 'task', 'status', 'state'), 'TASK_STATE_INPUT_REQUIRED', 'the state')
      return [...names].join(' ')
    },
  },
  {
    proves: ['A2A-5.6.1-a', 'A2A-5.6.1-b'],
    says: 'times are in UTC, with Z and milliseconds',
    bindings: overHttp,
    async run(scene) {
      const task = await scene.task('tck-complete-task')
      const timestamp = textAt(task, 'status', 'timestamp')
      insist(TIMESTAMP.test(timestamp) && /\.\d{3}/.test(timestamp), `the time is "${timestamp}"`)
      insist(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000, `the time is ${timestamp}`)
      return timestamp
    },
  },
  {
    proves: ['A2A-5.7-b', 'A2A-5.7-c', 'A2A-3.3.2-g'],
    says: 'a message without what is required is refused, and makes no task',
    async run(scene) {
      const contextId = newId('context')
      const whole = (): JsonObject => ({ ...scene.message('tck-complete-task'), contextId })
      const wrong: Array<[string, JsonObject]> = [
        ['no messageId', { ...whole(), messageId: undefined }],
        ['no role', { ...whole(), role: undefined }],
        ['no parts', { ...whole(), parts: undefined }],
        ['empty parts', { ...whole(), parts: [] }],
        ['an empty part', { ...whole(), parts: [{}] }],
      ]
      // The codec of gRPC cannot write these.
      if (scene.binding !== 'GRPC')
        wrong.push(['two contents', { ...whole(), parts: [{ text: 'a', url: 'https://example.com/a' }] }])
      for (const [what, message] of wrong)
        insistInvalid(scene.binding, await scene.call('SendMessage', { message }), what)
      const list = await scene.result('ListTasks', { contextId })
      insistEqual(listAt(list, 'tasks').length, 0, 'the number of tasks that came of it')
      return `${wrong.length} refused`
    },
  },
  {
    proves: ['A2A-3.3.2-g'],
    says: 'a value of another type is refused',
    bindings: overHttp,
    async run(scene) {
      const message = scene.message('tck-complete-task')
      const wrong: JsonObject[] = [
        { message: { ...message, parts: [{ text: 7 }] } },
        { message: { ...message, parts: [{ raw: '***' }] } },
        { message: { ...message, role: 'ROLE_KING' } },
        { message: { ...message, parts: 'hello' } },
        { message, configuration: { returnImmediately: 'yes' } },
        { message, configuration: { historyLength: 1.5 } },
      ]
      for (const request of wrong)
        insistInvalid(scene.binding, await scene.call('SendMessage', request), JSON.stringify(request))
      return `${wrong.length} refused`
    },
  },
  {
    proves: ['A2A-3.3.2-h', 'A2A-3.3.2-i'],
    says: 'a refusal names the field that is wrong',
    async run(scene) {
      const message = { ...scene.message('tck-complete-task'), parts: [] }
      const reply = await scene.call('SendMessage', { message })
      insistInvalid(scene.binding, reply, 'empty parts')
      const violations = (reply.error?.details ?? []).flatMap((detail) => listAt(detail, 'fieldViolations'))
      const said = `${reply.error?.message} ${violations.map((each) => textAt(each, 'field')).join(' ')}`
      insist(said.includes('parts'), `it says ${said}`)
      return said.slice(0, 120)
    },
  },
  {
    proves: ['A2A-5.7-d'],
    says: 'members that nobody knows are ignored',
    bindings: overHttp,
    async run(scene) {
      const message = { ...scene.message('tck-complete-task'), futureField: { deep: [1] } }
      const reply = await scene.call('SendMessage', { message, anotherField: 'x' })
      insist(reply.result !== undefined, told(reply))
      return 'ignored'
    },
  },
  {
    proves: ['A2A-3.2.5-a'],
    says: 'metadata of message and request reach the agent',
    async run(scene) {
      const metadata = { 'https://example.com/tone/v1': { tone: 'kind', scale: 0.5, list: [true, null] } }
      const parts = [{ text: 'with metadata', metadata }]
      const task = await scene.task('own-echo', { message: { parts, metadata } })
      const [back = {}] = listAt(listAt(task, 'artifacts')[0], 'parts')
      insistEqual(sorted(back['metadata'] as JsonObject), sorted(metadata), 'the metadata')
      return 'as it was'
    },
  },
  {
    proves: ['A2A-13.4-b'],
    says: 'a message beyond every limit is refused, and the server goes on',
    async run(scene) {
      const parts = [{ text: 'x'.repeat(40 * 1024 * 1024) }]
      const status = await sizeOfRefusal(scene, parts)
      await scene.task('tck-complete-task')
      return status
    },
  },
]

/** What came of it: a refusal, or a connection that was cut. */
async function sizeOfRefusal(scene: Scene, parts: JsonObject[]): Promise<string> {
  try {
    const reply = await scene.send('tck-complete-task', { message: { parts } })
    insist(reply.error !== undefined, '40 MB were accepted')
    insist((reply.http?.status ?? 400) < 500, told(reply))
    return told(reply).slice(0, 80)
  } catch (error) {
    if (error instanceof Error && /ECONNRESET|EPIPE|hang up/.test(`${error.message} ${String(error.cause)}`))
      return 'the connection was closed'
    throw error
  }
}

function everyPart(): JsonObject[] {
  return [
    { text: 'Grüße, 世界, 👋🏽 and "quotes"\n\t\\ \u2028' },
    { text: '' },
    {
      raw: Buffer.from([0, 1, 254, 255]).toString('base64'),
      mediaType: 'application/octet-stream',
      filename: 'a b.bin',
    },
    { url: 'https://example.com/a?b=c#d', mediaType: 'image/png', filename: 'ä.png' },
    {
      data: { a: [1, 2.5, -3e10, true, null, 'x', {}], 'key with space': { deep: {} } },
      mediaType: 'application/json',
    },
    { data: ['list'] },
    { data: 'text' },
    { data: 7 },
    { data: false },
    { text: 'with metadata', metadata: { n: 1, nested: { list: [] } } },
  ]
}

/** Members in the order of their names: a map has no order on the wire. */
function sorted(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value ?? null
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((name) => [name, sorted(value[name])]),
  )
}

function namesIn(value: Json, names = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const each of value) namesIn(each, names)
  else if (isObject(value))
    for (const [name, member] of Object.entries(value)) {
      names.add(name)
      namesIn(member ?? null, names)
    }
  return names
}
