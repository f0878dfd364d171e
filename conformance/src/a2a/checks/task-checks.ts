import { listAt, objectAt, textAt } from '../wire/json.ts'
import { told } from '../wire/reply.ts'
import { shapeComplaints } from '../wire/shape.ts'
import { insist, insistEqual } from './check.ts'
import type { Check } from './check.ts'
import { insistError } from './errors.ts'
import { streaming } from './needs.ts'
import { newId, stateOf } from './scene.ts'
import { isTerminalEvent, kindOf } from './stream-checks.ts'

/** GetTask, CancelTask and SubscribeToTask (§3.1.3, §3.1.5, §3.1.6). */
export const taskChecks: Check[] = [
  {
    proves: ['A2A-3.1.3-a', 'A2A-4.1.1-a'],
    says: 'a task is read with its state and artifacts',
    async run(scene) {
      const sent = await scene.task('tck-artifact-text')
      const task = await scene.result('GetTask', { id: sent['id'] })
      const complaints = shapeComplaints('Task', task)
      insist(complaints.length === 0, complaints.join('; '))
      insistEqual(task['id'], sent['id'], 'the id')
      insistEqual(stateOf(task), 'TASK_STATE_COMPLETED', 'the state')
      insistEqual(task['artifacts'], sent['artifacts'], 'the artifacts')
      return 'completed, with its artifact'
    },
  },
  {
    proves: ['A2A-3.1.3-b', 'A2A-3.3.2-j', 'A2A-5.4-a'],
    says: 'a task that is not there is not found',
    async run(scene) {
      const reply = await scene.call('GetTask', { id: newId('nonexistent') })
      return insistError(scene.binding, reply, 'TASK_NOT_FOUND')
    },
  },
  {
    proves: ['A2A-3.1.3-a'],
    says: 'tasks that failed or were rejected say so, and why',
    async run(scene) {
      const failed = await scene.task('own-fail')
      const rejected = await scene.task('tck-reject-task')
      insistEqual(
        [stateOf(failed), stateOf(rejected)],
        ['TASK_STATE_FAILED', 'TASK_STATE_REJECTED'],
        'the states',
      )
      const why = textAt(listAt(failed, 'status', 'message', 'parts')[0], 'text')
      insistEqual(why, 'The tool broke.', 'the reason')
      return 'failed, rejected'
    },
  },
  {
    proves: ['A2A-3.2.4-a'],
    says: 'historyLength 0 leaves the history out, of GetTask and of SendMessage',
    async run(scene) {
      const { id } = await scene.task('own-ask')
      const configuration = { historyLength: 0 }
      const next = await scene.task('tck-complete-task', { message: { taskId: id }, configuration })
      insist(listAt(next, 'history').length === 0, `SendMessage answered ${told({ result: next })}`)
      const read = await scene.result('GetTask', { id, historyLength: 0 })
      insist(listAt(read, 'history').length === 0, `GetTask answered ${told({ result: read })}`)
      return 'no history'
    },
  },
  {
    proves: ['A2A-3.2.4-b', 'A2A-3.2.4-c'],
    says: 'historyLength is the most that comes, of the latest messages, in their order',
    async run(scene) {
      const messageId = newId('own-ask')
      const { id } = await scene.task('own-ask', { message: { messageId, parts: [{ text: 'turn 1' }] } })
      for (const text of ['turn 2', 'turn 3'])
        await scene.task('own-ask', { message: { taskId: id, parts: [{ text }] } })
      const task = await scene.result('GetTask', { id })
      insistEqual(listAt(task, 'history')[0]?.['messageId'], messageId, 'the messageId of the first message')
      const whole = textsOf(task).filter((text) => text.startsWith('turn'))
      insistEqual(whole, ['turn 1', 'turn 2', 'turn 3'], 'the history')
      const latest = await scene.result('GetTask', { id, historyLength: 1 })
      insistEqual(listAt(latest, 'history').length, 1, 'the length')
      insist(!textsOf(latest).includes('turn 1'), 'the one message is the oldest')
      return '3 turns, 1 on demand'
    },
  },
  {
    proves: ['A2A-3.1.5-a'],
    says: 'a task that works is cancelled, and comes to its end',
    async run(scene) {
      const { id } = await scene.workingTask()
      const task = await scene.result('CancelTask', { id })
      insistEqual([task['id'], stateOf(task)], [id, 'TASK_STATE_CANCELED'], 'the task')
      insistEqual(
        stateOf(await scene.result('GetTask', { id })),
        'TASK_STATE_CANCELED',
        'the state afterwards',
      )
      return 'cancelled'
    },
  },
  {
    proves: ['A2A-3.1.5-a'],
    says: 'a task that waits for input is cancelled',
    async run(scene) {
      const { id } = await scene.task('tck-input-required')
      const task = await scene.result('CancelTask', { id })
      insistEqual([task['id'], stateOf(task)], [id, 'TASK_STATE_CANCELED'], 'the task')
      return 'cancelled'
    },
  },
  {
    proves: ['A2A-3.1.5-b'],
    says: 'a finished task is not cancelled, and stays as it is',
    async run(scene) {
      const { id } = await scene.task('tck-complete-task')
      const saw = insistError(scene.binding, await scene.call('CancelTask', { id }), 'TASK_NOT_CANCELABLE')
      insistEqual(
        stateOf(await scene.result('GetTask', { id })),
        'TASK_STATE_COMPLETED',
        'the state afterwards',
      )
      return saw
    },
  },
  {
    proves: ['A2A-3.1.5-c'],
    says: 'a task that is not there is not cancelled',
    async run(scene) {
      const reply = await scene.call('CancelTask', { id: newId('nonexistent') })
      return insistError(scene.binding, reply, 'TASK_NOT_FOUND')
    },
  },
  {
    proves: ['A2A-3.3.1-a'],
    says: 'cancelling twice has the effect of once',
    async run(scene) {
      const { id } = await scene.workingTask()
      await scene.result('CancelTask', { id })
      const again = await scene.call('CancelTask', { id })
      const isRefused =
        again.error === undefined || ['TASK_NOT_CANCELABLE', 'TASK_NOT_FOUND'].includes(again.error.reason)
      insist(isRefused, `the second answer is ${told(again)}`)
      insistEqual(stateOf(await scene.result('GetTask', { id })), 'TASK_STATE_CANCELED', 'the state')
      return told(again).slice(0, 60)
    },
  },
  {
    proves: ['A2A-3.1.6-a'],
    says: 'who subscribes gets the task first, as it is now',
    needs: [streaming],
    async run(scene) {
      const { id } = await scene.task('own-ask')
      const stream = await scene.subscribe(String(id))
      const first = await stream.next()
      insist(first !== undefined && 'task' in first, `the first event is ${kindOf(first ?? {})}`)
      insistEqual(
        [objectAt(first, 'task')['id'], stateOf(first)],
        [id, 'TASK_STATE_INPUT_REQUIRED'],
        'the task',
      )
      const complaints = shapeComplaints('StreamResponse', first)
      insist(complaints.length === 0, complaints.join('; '))
      return 'the task, waiting for input'
    },
  },
  {
    proves: ['A2A-3.1.6-b'],
    says: 'a subscription tells what follows, and ends with the task',
    needs: [streaming],
    async run(scene) {
      const { id } = await scene.task('own-ask')
      const stream = await scene.subscribe(String(id))
      await stream.next()
      await scene.send('tck-artifact-text', { message: { taskId: id } })
      const events = await stream.rest()
      insist(isTerminalEvent(events.at(-1)), `it ended with ${kindOf(events.at(-1) ?? {})}`)
      insist(
        events.some((event) => 'artifactUpdate' in event || listAt(event, 'task', 'artifacts').length > 0),
        'no artifact came',
      )
      return events.map(kindOf).join(' → ')
    },
  },
  {
    proves: ['A2A-3.1.6-b'],
    says: 'a subscription ends when the task is cancelled',
    needs: [streaming],
    async run(scene) {
      const { id } = await scene.workingTask()
      const stream = await scene.subscribe(String(id))
      await stream.next()
      await scene.result('CancelTask', { id })
      const events = await stream.rest()
      insistEqual(events.map(kindOf).at(-1), 'TASK_STATE_CANCELED', 'the last event')
      return 'ended'
    },
  },
  {
    proves: ['A2A-3.1.6-c'],
    says: 'nobody subscribes to a finished task',
    needs: [streaming],
    async run(scene) {
      const { id } = await scene.task('tck-complete-task')
      const stream = await scene.client.open('SubscribeToTask', { id })
      stream.close()
      return insistError(scene.binding, stream.refusal ?? {}, 'UNSUPPORTED_OPERATION')
    },
  },
  {
    proves: ['A2A-3.1.6-d'],
    says: 'nobody subscribes to a task that is not there',
    needs: [streaming],
    async run(scene) {
      const stream = await scene.client.open('SubscribeToTask', { id: newId('nonexistent') })
      stream.close()
      return insistError(scene.binding, stream.refusal ?? {}, 'TASK_NOT_FOUND')
    },
  },
]

function textsOf(task: unknown): string[] {
  return listAt(task, 'history').flatMap((message) =>
    listAt(message, 'parts').map((part) => textAt(part, 'text')),
  )
}
