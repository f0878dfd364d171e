import { listAt, objectAt, textAt, valueAt } from '../wire/json.ts'
import type { JsonObject } from '../wire/json.ts'
import { OPERATIONS, streams } from '../wire/operations.ts'
import type { Operation } from '../wire/operations.ts'
import { told } from '../wire/reply.ts'
import type { CallOptions, Reply } from '../wire/reply.ts'
import { insist, insistEqual } from './check.ts'
import type { Check } from './check.ts'
import { insistError } from './errors.ts'
import { credential, pushing, signedIn } from './needs.ts'
import { newId, stateOf } from './scene.ts'
import type { Scene } from './scene.ts'

/** Who may ask, and what they see (§3.3.2, §5.1, §7.4, §13.1 to §13.3). */
export const accessChecks: Check[] = [
  {
    proves: ['A2A-3.3.2-a', 'A2A-3.3.2-b', 'A2A-7.4-a', 'A2A-7.4-b', 'A2A-13.1-a', 'A2A-13.3-a', 'A2A-5.1-d'],
    says: 'every operation wants a credential, and says which',
    needs: [signedIn],
    async run(scene) {
      for (const operation of Object.keys(OPERATIONS) as Operation[])
        insistChallenge(scene, await ask(scene, operation, { token: null }), `${operation} without a token`)
      return `${Object.keys(OPERATIONS).length} operations`
    },
  },
  {
    proves: ['A2A-3.3.2-a', 'A2A-7.4-a'],
    says: 'a credential that is none is refused, also where it is no bearer token',
    needs: [signedIn],
    async run(scene) {
      const wrong: CallOptions[] = [
        { token: 'nonsense' },
        { token: `${scene.subject.token}x` },
        { token: null, headers: { authorization: 'Basic dXNlcjpwYXNzd29yZA==' } },
        { token: null, query: `access_token=${encodeURIComponent(scene.subject.token ?? '')}` },
      ]
      for (const options of wrong)
        insistChallenge(scene, await ask(scene, 'ListTasks', options), Object.keys(options).join())
      return `${wrong.length} refused`
    },
  },
  {
    proves: ['A2A-3.3.2-a', 'A2A-7.4-a'],
    says: 'a token that has expired is refused',
    needs: [credential('expired')],
    async run(scene) {
      const token = scene.subject.credentials.expired ?? ''
      return insistChallenge(scene, await ask(scene, 'SendMessage', { token }), 'an expired token')
    },
  },
  {
    proves: ['A2A-3.3.2-a', 'A2A-7.4-a'],
    says: 'a token for another resource is refused',
    needs: [credential('wrongAudience')],
    async run(scene) {
      const token = scene.subject.credentials.wrongAudience ?? ''
      return insistChallenge(
        scene,
        await ask(scene, 'SendMessage', { token }),
        'a token for another resource',
      )
    },
  },
  {
    proves: ['A2A-3.3.2-d', 'A2A-3.3.2-e', 'A2A-13.1-a'],
    says: 'who may not ask the agent is told so, and what is missing',
    needs: [credential('narrow')],
    async run(scene) {
      const reply = await ask(scene, 'SendMessage', { token: scene.subject.credentials.narrow ?? '' })
      const task = objectAt(reply.result, 'task')
      // §7.6: what somebody can still allow may be asked for in a task, before the agent hears of it.
      if (stateOf(task) === 'TASK_STATE_AUTH_REQUIRED') {
        insistEqual(listAt(task, 'artifacts').length, 0, 'the number of artifacts')
        const said = textAt(listAt(task, 'status', 'message', 'parts')[0], 'text')
        insist(said !== '', 'it does not say what it wants')
        return said.slice(0, 120)
      }
      return insistForbidden(scene, reply)
    },
  },
  {
    proves: ['A2A-3.3.2-d', 'A2A-13.1-a'],
    says: 'who may not ask the agent, and acts for nobody, is refused',
    needs: [credential('unattended')],
    async run(scene) {
      const token = scene.subject.credentials.unattended ?? ''
      insistForbidden(scene, await ask(scene, 'SendStreamingMessage', { token }))
      const saw = insistForbidden(scene, await ask(scene, 'SendMessage', { token }))
      const list = await scene.result('ListTasks', {}, { token })
      insistEqual(listAt(list, 'tasks').length, 0, 'the number of tasks that came of it')
      return saw
    },
  },
  {
    proves: ['A2A-13.1-b', 'A2A-13.1-c', 'A2A-3.3.2-f', 'A2A-3.3.2-k'],
    says: "somebody else's task is not there, in every operation, as one that never was",
    needs: [credential('other')],
    async run(scene) {
      const { id } = await scene.task('own-ask')
      const never = newId('nonexistent')
      const operations = (Object.keys(OPERATIONS) as Operation[]).filter(
        (each) => !['ListTasks', 'GetExtendedAgentCard'].includes(each),
      )
      for (const operation of operations) {
        if (operation.includes('Push') && !pushing.holds(scene.subject)) continue
        const token = scene.subject.credentials.other ?? ''
        const foreign = await ask(scene, operation, { token }, String(id))
        insistError(scene.binding, foreign, 'TASK_NOT_FOUND')
        const none = await ask(scene, operation, { token }, never)
        insistEqual(words(foreign, String(id)), words(none, never), `the answer of ${operation}`)
      }
      insistEqual(
        stateOf(await scene.result('GetTask', { id })),
        'TASK_STATE_INPUT_REQUIRED',
        'the state afterwards',
      )
      return `${operations.length} operations`
    },
  },
  {
    proves: ['A2A-3.1.4-d', 'A2A-13.1-d'],
    says: 'a list has the tasks of its caller alone',
    needs: [credential('other')],
    async run(scene) {
      const { id, contextId } = await scene.task('own-ask')
      const options = { token: scene.subject.credentials.other ?? '' }
      const inContext = await scene.result('ListTasks', { contextId }, options)
      insistEqual(
        [listAt(inContext, 'tasks').length, inContext['totalSize']],
        [0, 0],
        'the tasks of the context',
      )
      const all = await scene.result('ListTasks', { pageSize: 100 }, options)
      insist(!listAt(all, 'tasks').some((task) => task['id'] === id), 'the task is in the list')
      return 'none of them'
    },
  },
  {
    proves: ['A2A-13.1-d', 'A2A-3.3.2-f'],
    says: "somebody else's context and tasks are nothing to refer to",
    needs: [credential('other')],
    async run(scene) {
      const { id, contextId } = await scene.task('own-ask')
      const options = { token: scene.subject.credentials.other ?? '' }
      const referring = await scene.send('own-told', { message: { referenceTaskIds: [id!] }, options })
      const part = listAt(listAt(referring.result, 'task', 'artifacts')[0], 'parts')[0]
      const seen = valueAt(part, 'data', 'referenceTaskIds')
      insist(
        referring.error !== undefined || (Array.isArray(seen) && seen.length === 0),
        `the agent saw ${told(referring)}`,
      )
      await scene.send('tck-complete-task', { message: { contextId }, options })
      const own = await scene.result('ListTasks', { contextId })
      insistEqual(
        listAt(own, 'tasks').map((task) => task['id']),
        [id],
        'the tasks of the context',
      )
      return referring.error === undefined ? 'not shown on' : 'refused'
    },
  },
  {
    proves: ['A2A-13.2-c'],
    says: 'a webhook at an address of the inside is refused',
    needs: [pushing],
    async run(scene) {
      const { id } = await scene.task('own-ask')
      const saw: string[] = []
      for (const url of [
        'http://169.254.169.254/latest/meta-data',
        'http://10.0.0.1/hook',
        'file:///etc/passwd',
        'http://[::ffff:10.0.0.1]/',
      ]) {
        const reply = await scene.call('CreateTaskPushNotificationConfig', { taskId: id, url })
        insist(reply.error !== undefined, `${url} was taken: ${told(reply)}`)
        saw.push(String(reply.error.code))
      }
      return saw.join(', ')
    },
  },
  {
    proves: ['A2A-13.2-d'],
    says: 'credentials of a webhook are not told again',
    needs: [pushing],
    async run(scene) {
      const { id: taskId } = await scene.task('own-ask')
      const credentials = `secret-${crypto.randomUUID()}`
      const url = scene.webhooks.url(newId('hook'))
      const created = await scene.result('CreateTaskPushNotificationConfig', {
        taskId,
        url,
        authentication: { scheme: 'Bearer', credentials },
      })
      const request = { taskId, id: created['id'] }
      const read = await scene.result('GetTaskPushNotificationConfig', request)
      const list = await scene.result('ListTaskPushNotificationConfigs', { taskId })
      insist(!JSON.stringify([read, list]).includes(credentials), 'they are')
      return 'kept'
    },
  },
]

/** Any operation with a request that is right in its form; `taskId` is a task's. */
async function ask(
  scene: Scene,
  operation: Operation,
  options: CallOptions,
  taskId = newId('none'),
): Promise<Reply> {
  const request = requestFor(scene, operation, taskId)
  if (!streams(operation)) return scene.client.call(operation, request, options)
  const stream = await scene.client.open(operation, request, options)
  stream.close()
  return stream.refusal ?? (stream.failure === undefined ? { result: {} } : { error: stream.failure })
}

function requestFor(scene: Scene, operation: Operation, taskId: string): JsonObject {
  switch (operation) {
    case 'SendMessage':
    case 'SendStreamingMessage':
      return { message: scene.message('tck-complete-task', taskId.startsWith('none-') ? {} : { taskId }) }
    case 'GetTask':
    case 'CancelTask':
    case 'SubscribeToTask':
      return { id: taskId }
    case 'CreateTaskPushNotificationConfig':
      return { taskId, url: scene.webhooks.url(newId('hook')) }
    case 'GetTaskPushNotificationConfig':
    case 'DeleteTaskPushNotificationConfig':
      return { taskId, id: 'config' }
    case 'ListTaskPushNotificationConfigs':
      return { taskId }
    default:
      return {}
  }
}

/** 401 with `WWW-Authenticate`, or UNAUTHENTICATED with the same in its metadata (§7.4). */
function insistChallenge(scene: Scene, reply: Reply, what: string): string {
  insist(reply.error !== undefined, `${what} was served: ${told(reply)}`)
  if (scene.binding === 'GRPC') insistEqual(reply.error.code, 16, `${what}: ${told(reply)}`)
  else insistEqual(reply.http?.status, 401, `${what}: ${told(reply)}`)
  const challenge = challengeOf(reply)
  insist(/^Bearer\b/i.test(challenge), `${what}: the challenge is "${challenge}"`)
  return challenge.slice(0, 120)
}

/** 403 or PERMISSION_DENIED: with a challenge where more scope would help, else in words (§3.3.2). */
function insistForbidden(scene: Scene, reply: Reply): string {
  insist(reply.error !== undefined, `it was served: ${told(reply)}`)
  if (scene.binding === 'GRPC') insistEqual(reply.error.code, 7, told(reply))
  else insistEqual(reply.http?.status, 403, told(reply))
  const challenge = challengeOf(reply)
  const said = `${challenge} ${reply.error.message}`
  insist(/insufficient_scope|grant|allow|permission|may/i.test(said), `it says "${said}"`)
  return said.slice(0, 120)
}

function challengeOf({ http, trailers }: Reply): string {
  return http?.headers['www-authenticate'] ?? trailers?.['www-authenticate'] ?? ''
}

/** What an error says, without the id that it is about. */
function words(reply: Reply, id: string): string {
  const { code, message, details } = reply.error ?? { code: 0, message: '', details: [] }
  const text = JSON.stringify({ code, message, details, status: reply.http?.status })
  return text.replaceAll(id, '…').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T')
}
