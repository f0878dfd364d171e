import { listAt, objectAt, textAt, valueAt } from '../wire/json.ts'
import { told } from '../wire/reply.ts'
import { shapeComplaints } from '../wire/shape.ts'
import { insist, insistEqual, NotJudged } from './check.ts'
import type { Check } from './check.ts'
import { insistError, insistInvalid } from './errors.ts'
import { newId, stateOf } from './scene.ts'

/** SendMessage and what goes with it (§3.1.1, §3.2.2, §3.4). */
export const sendChecks: Check[] = [
  {
    proves: ['A2A-3.1.1-a', 'A2A-3.4.1-a', 'A2A-3.4.2-a'],
    says: 'a message is answered with a task that has an id and a context',
    async run(scene) {
      const reply = await scene.send('tck-complete-task')
      const complaints = shapeComplaints('SendMessageResponse', reply.result)
      insist(complaints.length === 0, `${complaints.join('; ')}: ${told(reply)}`)
      const task = objectAt(reply.result, 'task')
      insist(textAt(task, 'contextId') !== '', 'the task has no contextId')
      const other = await scene.task('tck-complete-task')
      insist(task['id'] !== other['id'], 'two tasks have the same id')
      return `task ${textAt(task, 'status', 'state')}`
    },
  },
  {
    proves: ['A2A-3.1.1-a', 'A2A-4.1.4-a'],
    says: 'a message is answered with a message where the agent answers so',
    async run(scene) {
      const reply = await scene.send('tck-message-response')
      const message = objectAt(reply.result, 'message')
      insistEqual(textAt(listAt(message, 'parts')[0], 'text'), 'Direct message response', told(reply))
      const complaints = shapeComplaints('Message', message)
      insist(complaints.length === 0, complaints.join('; '))
      insist(message['role'] === 'ROLE_AGENT', `the role is ${String(message['role'])}`)
      insist(textAt(message, 'contextId') !== '', 'the message has no contextId')
      return 'a message of the agent'
    },
  },
  {
    proves: ['A2A-3.1.1-c'],
    says: 'a message to a finished task is refused',
    async run(scene) {
      const { id } = await scene.task('tck-complete-task')
      const reply = await scene.send('tck-complete-task', { message: { taskId: id } })
      return insistError(scene.binding, reply, 'UNSUPPORTED_OPERATION')
    },
  },
  {
    proves: ['A2A-3.1.1-d', 'A2A-3.4.2-c'],
    says: 'a message to a task that is not there is refused, and makes none',
    async run(scene) {
      const taskId = newId('nonexistent')
      const reply = await scene.send('tck-complete-task', { message: { taskId } })
      const saw = insistError(scene.binding, reply, 'TASK_NOT_FOUND')
      insistError(scene.binding, await scene.call('GetTask', { id: taskId }), 'TASK_NOT_FOUND')
      return saw
    },
  },
  {
    proves: ['A2A-3.1.1-b'],
    says: 'a media type that the agent does not take is refused as such',
    async run(scene) {
      const parts = [{ raw: 'dGNr', mediaType: 'application/x-nobody-takes-this' }]
      const reply = await scene.send('tck-complete-task', { message: { parts } })
      if (reply.result !== undefined) throw new NotJudged('the agent takes every media type')
      return insistError(scene.binding, reply, 'CONTENT_TYPE_NOT_SUPPORTED')
    },
  },
  {
    proves: ['A2A-3.2.2-a', 'A2A-3.2.2-b'],
    says: 'without returnImmediately the answer waits until the task is finished, and has its artifacts',
    async run(scene) {
      const task = await scene.task('own-slow', { configuration: { returnImmediately: false } })
      insistEqual(stateOf(task), 'TASK_STATE_COMPLETED', 'the state')
      insistEqual(textAt(listAt(listAt(task, 'artifacts')[0], 'parts')[0], 'text'), 'slow', 'the artifact')
      return 'completed, with its artifact'
    },
  },
  {
    proves: ['A2A-3.2.2-a'],
    says: 'without returnImmediately the answer comes when the task wants input',
    async run(scene) {
      const task = await scene.task('own-ask')
      insistEqual(stateOf(task), 'TASK_STATE_INPUT_REQUIRED', 'the state')
      const question = textAt(listAt(task, 'status', 'message', 'parts')[0], 'text')
      insistEqual(question, 'From where to where?', 'the question')
      return 'input required, with its question'
    },
  },
  {
    proves: ['A2A-3.2.2-c'],
    says: 'with returnImmediately the answer comes while the task goes on',
    async run(scene) {
      const startedMs = performance.now()
      const task = await scene.task('own-slow', { configuration: { returnImmediately: true } })
      const tookMs = Math.round(performance.now() - startedMs)
      const isUnderway = ['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING'].includes(stateOf(task))
      insist(isUnderway, `the state is ${stateOf(task)}`)
      insist(tookMs < 600, `it took ${tookMs} ms`)
      return `${stateOf(task)} at once`
    },
  },
  {
    proves: ['A2A-3.4.1-b'],
    says: 'a context that the client names is kept, or refused, and never replaced',
    async run(scene) {
      const contextId = newId('context')
      const reply = await scene.send('tck-complete-task', { message: { contextId } })
      if (reply.error !== undefined) return insistInvalid(scene.binding, reply, 'a context of the client')
      insistEqual(valueAt(reply.result, 'task', 'contextId'), contextId, 'the contextId')
      return 'kept'
    },
  },
  {
    proves: ['A2A-3.4.1-c', 'A2A-3.4.3-c'],
    says: 'tasks of one context are found together, and those that a message refers to reach the agent',
    async run(scene) {
      const first = await scene.task('tck-complete-task')
      const { contextId } = first
      const more = { contextId, referenceTaskIds: [String(first['id'])] }
      const second = await scene.task('own-told', { message: more })
      insistEqual(second['contextId'], contextId, 'the contextId of the second task')
      const told = listAt(listAt(second, 'artifacts')[0], 'parts')[0]
      const seen = valueAt(told, 'data', 'referenceTaskIds')
      insist(Array.isArray(seen) && seen.length === 1, `the agent saw the tasks ${JSON.stringify(seen)}`)
      return 'one context, one reference'
    },
  },
  {
    proves: ['A2A-3.4.3-a'],
    says: 'a second turn that names the task alone goes on in its context',
    async run(scene) {
      const { id, contextId } = await scene.task('own-ask')
      const next = await scene.task('tck-complete-task', { message: { taskId: id } })
      insistEqual([next['id'], next['contextId']], [id, contextId], 'task and context')
      insistEqual(stateOf(next), 'TASK_STATE_COMPLETED', 'the state')
      return 'the same task and context'
    },
  },
  {
    proves: ['A2A-3.4.3-b'],
    says: 'a task and a context that do not belong together are refused',
    async run(scene) {
      const { id } = await scene.task('own-ask')
      const reply = await scene.send('tck-complete-task', {
        message: { taskId: id, contextId: newId('other') },
      })
      const saw = insistInvalid(scene.binding, reply, 'a mismatch')
      const task = await scene.result('GetTask', { id })
      insistEqual(stateOf(task), 'TASK_STATE_INPUT_REQUIRED', 'the state of the task, afterwards,')
      return saw
    },
  },
  {
    proves: ['A2A-3.3.1-b'],
    says: 'the same message twice makes one task',
    async run(scene) {
      const message = scene.message('tck-complete-task')
      const first = await scene.result('SendMessage', { message })
      const second = await scene.result('SendMessage', { message })
      insistEqual(valueAt(second, 'task', 'id'), valueAt(first, 'task', 'id'), 'the id of the second task')
      return 'one task'
    },
  },
]
