import { listAt, objectAt, textAt } from '../wire/json.ts'
import type { JsonObject } from '../wire/json.ts'
import { told } from '../wire/reply.ts'
import { shapeComplaints } from '../wire/shape.ts'
import { insist, insistEqual } from './check.ts'
import type { Check } from './check.ts'
import { insistError } from './errors.ts'
import { pushing } from './needs.ts'
import { newId, stateOf } from './scene.ts'
import type { Scene } from './scene.ts'
import { isTerminalEvent } from './stream-checks.ts'

const needs = [pushing]

/** Push notifications (§3.1.7 to §3.1.10, §4.3, §13.2). */
export const pushChecks: Check[] = [
  {
    proves: ['A2A-3.1.7-b', 'A2A-3.1.7-c', 'A2A-3.1.8-a'],
    says: 'a webhook is kept as it was given, under an id, and is read',
    needs,
    async run(scene) {
      const { taskId, config, created } = await configured(scene)
      const complaints = shapeComplaints('TaskPushNotificationConfig', created)
      insist(complaints.length === 0, complaints.join('; '))
      insistEqual([created['url'], created['taskId']], [config['url'], taskId], 'what was created')
      const read = await scene.result('GetTaskPushNotificationConfig', { taskId, id: created['id'] })
      insistEqual([read['id'], read['url']], [created['id'], config['url']], 'what is read')
      return 'as given'
    },
  },
  {
    proves: ['A2A-3.1.7-c'],
    says: 'a webhook keeps the id that its client gave it',
    needs,
    async run(scene) {
      const id = newId('hook')
      const { created } = await configured(scene, { id })
      insistEqual(created['id'], id, 'the id')
      return 'kept'
    },
  },
  {
    proves: ['A2A-3.1.7-d'],
    says: 'a task that is not there gets no webhook',
    needs: [pushing],
    async run(scene) {
      const request = { taskId: newId('nonexistent'), url: scene.webhooks.url('nowhere') }
      const reply = await scene.call('CreateTaskPushNotificationConfig', request)
      return insistError(scene.binding, reply, 'TASK_NOT_FOUND')
    },
  },
  {
    proves: ['A2A-3.1.8-b'],
    says: 'a webhook that is not there is not read',
    needs,
    async run(scene) {
      const { id: taskId } = await scene.task('tck-complete-task')
      const reply = await scene.call('GetTaskPushNotificationConfig', { taskId, id: newId('nonexistent') })
      insist(reply.error !== undefined, `it was read: ${told(reply)}`)
      return insistError(scene.binding, reply, 'TASK_NOT_FOUND')
    },
  },
  {
    proves: ['A2A-3.1.9-a'],
    says: 'all webhooks of a task are listed, and no others',
    needs,
    async run(scene) {
      const { taskId, created } = await configured(scene)
      const second = await scene.result('CreateTaskPushNotificationConfig', {
        taskId,
        url: scene.webhooks.url(newId('second')),
        id: newId('second'),
      })
      await configured(scene)
      const list = await scene.result('ListTaskPushNotificationConfigs', { taskId })
      const complaints = shapeComplaints('ListTaskPushNotificationConfigsResponse', list)
      insist(complaints.length === 0, complaints.join('; '))
      const ids = listAt(list, 'configs').map(({ id }) => String(id))
      insistEqual(ids.toSorted(), [created['id'], second['id']].map(String).toSorted(), 'the ids')
      return '2 of 2'
    },
  },
  {
    proves: ['A2A-3.1.9-a'],
    says: 'webhooks of a task that is not there are not listed',
    needs: [pushing],
    async run(scene) {
      const reply = await scene.call('ListTaskPushNotificationConfigs', { taskId: newId('nonexistent') })
      return insistError(scene.binding, reply, 'TASK_NOT_FOUND')
    },
  },
  {
    proves: ['A2A-3.1.10-a', 'A2A-3.1.10-b'],
    says: 'a webhook that is deleted is gone and gets nothing, and deleting again does nothing',
    needs,
    async run(scene) {
      const { taskId, created, path } = await configured(scene)
      const request = { taskId, id: created['id'] }
      await scene.result('DeleteTaskPushNotificationConfig', request)
      const read = await scene.call('GetTaskPushNotificationConfig', request)
      insistError(scene.binding, read, 'TASK_NOT_FOUND')
      await scene.result('DeleteTaskPushNotificationConfig', request)
      await scene.task('tck-complete-task', { message: { taskId } })
      const seen = await scene.webhooks.wait(path, ({ length }) => length > 0, 700)
      insistEqual(seen.length, 0, 'the number of notifications')
      return 'gone, and nothing came'
    },
  },
  {
    proves: ['A2A-3.1.7-a', 'A2A-4.3.3-a', 'A2A-4.3.3-c', 'A2A-4.3.3-e', 'A2A-13.2-a'],
    says: 'what happens is sent to the webhook, with its credentials, as the events of a stream',
    needs,
    async run(scene) {
      const credentials = crypto.randomUUID()
      const { taskId, path } = await configured(scene, { authentication: { scheme: 'Bearer', credentials } })
      await scene.task('tck-artifact-text', { message: { taskId } })
      const seen = await scene.webhooks.wait(path, (all) => all.some(({ body }) => isTerminalEvent(body)))
      insist(seen.length > 0, 'nothing came within 5 s')
      for (const { headers, body } of seen) {
        insistEqual(headers['authorization'], `Bearer ${credentials}`, 'the credentials')
        const complaints = shapeComplaints('StreamResponse', body)
        insist(complaints.length === 0, complaints.join('; '))
      }
      insistEqual(stateOf(seen.at(-1)?.body), 'TASK_STATE_COMPLETED', 'the last state')
      insist(
        seen.some(({ body }) => 'artifactUpdate' in body || listAt(body, 'task', 'artifacts').length > 0),
        'the artifact did not come',
      )
      return `${seen.length} notifications`
    },
  },
  {
    proves: ['A2A-4.3.3-f'],
    says: 'notifications are application/a2a+json',
    needs,
    async run(scene) {
      const { taskId, path } = await configured(scene)
      await scene.task('tck-complete-task', { message: { taskId } })
      const seen = await scene.webhooks.wait(path, ({ length }) => length > 0)
      const type = seen[0]?.headers['content-type'] ?? 'nothing'
      insist(type.startsWith('application/a2a+json'), `the type is ${type}`)
      return type
    },
  },
  {
    proves: ['A2A-3.1.7-a', 'A2A-4.3.3-c'],
    says: 'a webhook that comes with the message is told from the start',
    needs,
    async run(scene) {
      const path = newId('with-message')
      const configuration = {
        returnImmediately: true,
        taskPushNotificationConfig: { url: scene.webhooks.url(path), token: 'a-token-of-the-client' },
      }
      const { id } = await scene.task('own-slow', { configuration })
      const seen = await scene.webhooks.wait(path, (all) => all.some(({ body }) => isTerminalEvent(body)))
      insist(seen.length > 0, 'nothing came within 5 s')
      const ids = seen.map(({ body }) => taskIdOf(body))
      insist(
        ids.every((each) => each === id),
        `the notifications are of ${[...new Set(ids)].join(', ')}`,
      )
      insistEqual(seen[0]?.headers['x-a2a-notification-token'], 'a-token-of-the-client', 'the token')
      return `${seen.length} notifications`
    },
  },
]

interface Configured {
  readonly taskId: string
  readonly config: JsonObject
  readonly created: JsonObject
  readonly path: string
}

/** A task that waits for input, with a webhook. */
async function configured(scene: Scene, more: JsonObject = {}): Promise<Configured> {
  const { id } = await scene.task('own-ask')
  const path = newId('hook')
  const config = { taskId: String(id), url: scene.webhooks.url(path), id: newId('config'), ...more }
  const created = await scene.result('CreateTaskPushNotificationConfig', config)
  return { taskId: String(id), config, created, path }
}

function taskIdOf(body: JsonObject): string {
  return (
    textAt(objectAt(body, 'task'), 'id') ||
    textAt(body, 'statusUpdate', 'taskId') ||
    textAt(body, 'artifactUpdate', 'taskId')
  )
}
