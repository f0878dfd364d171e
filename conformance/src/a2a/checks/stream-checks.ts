import { listAt, objectAt, textAt } from '../wire/json.ts'
import type { JsonObject } from '../wire/json.ts'
import { shapeComplaints } from '../wire/shape.ts'
import { insist, insistEqual } from './check.ts'
import type { Check } from './check.ts'
import { insistError } from './errors.ts'
import { streaming } from './needs.ts'
import { newId, stateOf, TERMINAL_STATES } from './scene.ts'

const needs = [streaming]

/** SendStreamingMessage (§3.1.2, §3.5.2). */
export const streamChecks: Check[] = [
  {
    proves: ['A2A-3.1.2-a', 'A2A-3.1.2-c', 'A2A-3.1.2-d', 'A2A-3.5.2-a', 'A2A-4.2-a'],
    says: 'a stream begins with the task, tells what happens in its order, and ends with the task',
    needs,
    async run(scene) {
      const events = await (await scene.stream('tck-stream-003')).rest()
      const complaints = events.flatMap((event) => shapeComplaints('StreamResponse', event))
      insist(complaints.length === 0, complaints.join('; '))
      insistEqual(
        events.map(kindOf),
        ['task', 'TASK_STATE_WORKING', 'artifactUpdate', 'TASK_STATE_COMPLETED'],
        'the order',
      )
      const ids = new Set(events.map((event) => textAt(objectAt(event, 'task'), 'id') || idOf(event)))
      insist(ids.size === 1, `the events have the task ids ${[...ids].join(', ')}`)
      return events.map(kindOf).join(' → ')
    },
  },
  {
    proves: ['A2A-3.1.2-b'],
    says: 'a stream with a message has nothing else',
    needs,
    async run(scene) {
      const events = await (await scene.stream('tck-message-response')).rest()
      insistEqual(events.map(kindOf), ['message'], 'the events')
      return 'one message'
    },
  },
  {
    proves: ['A2A-3.1.2-h', 'A2A-3.2.2-d'],
    says: 'events come while the agent works, with returnImmediately too',
    needs,
    async run(scene) {
      const startedMs = performance.now()
      const stream = await scene.stream('own-slow', { configuration: { returnImmediately: true } })
      await stream.next()
      const firstMs = performance.now() - startedMs
      const rest = await stream.rest()
      const wholeMs = performance.now() - startedMs
      insist(
        wholeMs - firstMs > 300,
        `the first event came after ${firstMs} ms, the last after ${wholeMs} ms`,
      )
      insistEqual(rest.map(kindOf).at(-1), 'TASK_STATE_COMPLETED', 'the last event')
      return `${rest.length + 1} events`
    },
  },
  {
    proves: ['A2A-11.7-b', 'A2A-5.1-b'],
    says: 'a stream ends where the task waits for input',
    needs,
    async run(scene) {
      const events = await (await scene.stream('own-ask')).rest()
      insistEqual(stateOf(events.at(-1)), 'TASK_STATE_INPUT_REQUIRED', 'the last state')
      return events.map(kindOf).join(' → ')
    },
  },
  {
    proves: ['A2A-3.1.2-a', 'A2A-3.1.2-d', 'A2A-3.5.2-a'],
    says: 'a second turn that is streamed tells each event once, to the end of the task',
    needs,
    async run(scene) {
      const asked = await scene.task('own-ask')
      const events = await (await scene.stream('own-chunks', { message: { taskId: asked['id'] } })).rest()
      const texts = events.flatMap((event) => listAt(event, 'artifactUpdate', 'artifact', 'parts'))
      insistEqual(
        texts.map((part) => textAt(part, 'text')).join(''),
        '0 1 2 3 4 5 6 7 8 9 10 11 ',
        'the chunks',
      )
      insistEqual(stateOf(events.at(-1)), 'TASK_STATE_COMPLETED', 'the last state')
      const task = await scene.result('GetTask', { id: asked['id'] })
      insistEqual(listAt(listAt(task, 'artifacts')[0], 'parts').length, 12, 'the number of parts afterwards')
      return events.map(kindOf).join(' → ').slice(0, 80)
    },
  },
  {
    proves: ['A2A-3.1.2-e'],
    says: 'a stream to a finished task is refused',
    needs,
    async run(scene) {
      const { id } = await scene.task('tck-complete-task')
      return insistError(scene.binding, await refusal(scene, { taskId: id }), 'UNSUPPORTED_OPERATION')
    },
  },
  {
    proves: ['A2A-3.1.2-g'],
    says: 'a stream to a task that is not there is refused',
    needs,
    async run(scene) {
      const reply = await refusal(scene, { taskId: newId('nonexistent') })
      return insistError(scene.binding, reply, 'TASK_NOT_FOUND')
    },
  },
  {
    proves: ['A2A-3.5.2-a', 'A2A-4.2.2-a'],
    says: 'chunks of an artifact come in order, and are one artifact afterwards',
    needs,
    async run(scene) {
      const events = await (await scene.stream('own-chunks')).rest()
      const updates = events
        .map((event) => objectAt(event, 'artifactUpdate'))
        .filter(({ artifact }) => artifact)
      const texts = updates.map((update) => textAt(listAt(update, 'artifact', 'parts')[0], 'text').trim())
      insistEqual(texts.join(), '0,1,2,3,4,5,6,7,8,9,10,11', 'the order')
      insistEqual(updates.map(({ append }) => append === true).indexOf(false), 0, 'the chunk that begins')
      insistEqual(
        updates.findIndex(({ lastChunk }) => lastChunk === true),
        11,
        'the chunk that ends',
      )
      const id = textAt(objectAt(events[0], 'task'), 'id')
      const artifacts = listAt(await scene.result('GetTask', { id }), 'artifacts')
      insistEqual(artifacts.length, 1, 'the number of artifacts')
      const whole = listAt(artifacts[0], 'parts').map((part) => textAt(part, 'text'))
      insistEqual(whole.join(''), '0 1 2 3 4 5 6 7 8 9 10 11 ', 'the artifact')
      return '12 chunks, 1 artifact'
    },
  },
  {
    proves: ['A2A-3.5.2-b', 'A2A-3.5.2-c'],
    says: 'all who listen to a task get the same events in the same order',
    needs,
    async run(scene) {
      const { id } = await scene.task('own-ask')
      const streams = await Promise.all([scene.subscribe(String(id)), scene.subscribe(String(id))])
      for (const stream of streams) await stream.next()
      await scene.send('tck-stream-artifact-chunked', { message: { taskId: id } })
      const [one = [], other = []] = await Promise.all(streams.map((stream) => stream.rest()))
      insistEqual(one, other, 'what one saw')
      insistEqual(one.map(kindOf).at(-1), 'TASK_STATE_COMPLETED', 'the last event')
      return `${one.length} events each`
    },
  },
  {
    proves: ['A2A-3.5.2-d'],
    says: 'who stops listening takes nothing from the others',
    needs,
    async run(scene) {
      const { id } = await scene.task('own-ask')
      const [one, other] = [await scene.subscribe(String(id)), await scene.subscribe(String(id))]
      await one.next()
      await other.next()
      one.close()
      await scene.send('tck-complete-task', { message: { taskId: id } })
      const events = await other.rest()
      insistEqual(events.map(kindOf).at(-1), 'TASK_STATE_COMPLETED', 'the last event')
      return `${events.length} events for the other`
    },
  },
  {
    proves: ['A2A-3.5.2-d'],
    says: 'a task goes on when the one who streams it is gone',
    needs,
    async run(scene) {
      const stream = await scene.stream('own-slow')
      const id = textAt(objectAt(await stream.next(), 'task'), 'id')
      stream.close()
      await new Promise((resolve) => setTimeout(resolve, 1000))
      insistEqual(stateOf(await scene.result('GetTask', { id })), 'TASK_STATE_COMPLETED', 'the state')
      return 'completed without a listener'
    },
  },
]

async function refusal(scene: Parameters<Check['run']>[0], more: JsonObject) {
  const stream = await scene.client.open('SendStreamingMessage', {
    message: scene.message('tck-stream-001', more),
  })
  stream.close()
  insist(stream.refusal !== undefined || stream.failure !== undefined, 'a stream was opened')
  return (
    stream.refusal ?? { error: stream.failure!, ...(stream.http === undefined ? {} : { http: stream.http }) }
  )
}

/** What an event tells: the state of a status, else the kind. */
export function kindOf(event: JsonObject): string {
  return 'statusUpdate' in event ? stateOf(event) : (Object.keys(event)[0] ?? 'nothing')
}

function idOf(event: JsonObject): string {
  return textAt(event, 'statusUpdate', 'taskId') || textAt(event, 'artifactUpdate', 'taskId')
}

export function isTerminalEvent(event: JsonObject | undefined): boolean {
  return TERMINAL_STATES.includes(stateOf(event))
}
