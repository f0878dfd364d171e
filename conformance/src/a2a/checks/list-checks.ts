import { listAt, textAt, valueAt } from '../wire/json.ts'
import type { JsonObject } from '../wire/json.ts'
import { told } from '../wire/reply.ts'
import { shapeComplaints } from '../wire/shape.ts'
import { insist, insistEqual } from './check.ts'
import type { Check } from './check.ts'
import { insistInvalid } from './errors.ts'
import { newId, stateOf } from './scene.ts'
import type { Scene } from './scene.ts'

/** ListTasks (§3.1.4). */
export const listChecks: Check[] = [
  {
    proves: ['A2A-3.1.4-c', 'A2A-3.1.4-i'],
    says: 'a list has its tasks, the sizes and an empty token at its end',
    async run(scene) {
      const { contextId } = await scene.task('tck-artifact-text')
      const list = await scene.result('ListTasks', { contextId })
      const complaints = shapeComplaints('ListTasksResponse', list)
      insist(complaints.length === 0, complaints.join('; '))
      insistEqual(
        [listAt(list, 'tasks').length, list['totalSize'], list['nextPageToken']],
        [1, 1, ''],
        'the list',
      )
      insist(Number(list['pageSize']) >= 1, `the pageSize is ${String(list['pageSize'])}`)
      const none = await scene.result('ListTasks', { contextId: newId('nowhere') })
      insistEqual(
        [none['tasks'], none['totalSize'], none['nextPageToken']],
        [[], 0, ''],
        'the list of nothing',
      )
      return '1 task, no next page'
    },
  },
  {
    proves: ['A2A-3.1.4-a', 'A2A-3.1.4-b'],
    says: 'artifacts are in a list on demand alone',
    async run(scene) {
      const { contextId } = await scene.task('tck-artifact-text')
      for (const request of [{ contextId }, { contextId, includeArtifacts: false }]) {
        const [task = {}] = listAt(await scene.result('ListTasks', request), 'tasks')
        insist(!('artifacts' in task), `with ${JSON.stringify(request)} it has artifacts`)
      }
      const list = await scene.result('ListTasks', { contextId, includeArtifacts: true })
      insistEqual(
        listAt(listAt(list, 'tasks')[0], 'artifacts').length,
        1,
        'the number of artifacts on demand',
      )
      return 'none, one on demand'
    },
  },
  {
    proves: ['A2A-3.1.4-e', 'A2A-3.1.4-f'],
    says: 'pages together are the whole, newest first, and what is new meanwhile doubles nothing',
    async run(scene) {
      const contextId = await contextOf(scene)
      const ids: string[] = []
      for (let count = 0; count < 4; count++)
        ids.unshift(String((await scene.task('tck-complete-task', { message: { contextId } }))['id']))
      const pages: JsonObject[][] = []
      let pageToken = ''
      do {
        const page: JsonObject = await scene.result('ListTasks', {
          contextId,
          pageSize: 2,
          ...(pageToken === '' ? {} : { pageToken }),
        })
        pages.push(listAt(page, 'tasks'))
        pageToken = textAt(page, 'nextPageToken')
        if (pages.length === 1) await scene.task('tck-complete-task', { message: { contextId } })
      } while (pageToken !== '' && pages.length < 10)
      insist(
        pages.every((page) => page.length <= 2),
        'a page has more than 2',
      )
      const seen = pages.flat()
      insistEqual(
        seen.slice(0, 4).map(({ id }) => id),
        ids,
        'the order',
      )
      insistEqual(new Set(seen.map(({ id }) => id)).size, seen.length, 'the number of different tasks')
      const times = seen.map((task) => textAt(task, 'status', 'timestamp'))
      insistEqual(times.toSorted().toReversed(), times, 'the times')
      return `${seen.length} tasks on ${pages.length} pages`
    },
  },
  {
    proves: ['A2A-3.1.4-g'],
    says: 'a list is narrowed by context, state and time',
    async run(scene) {
      const done = await scene.task('tck-complete-task')
      const { contextId } = done
      const waiting = await scene.task('own-ask', { message: { contextId } })
      const byState = await idsOf(scene, { contextId, status: 'TASK_STATE_INPUT_REQUIRED' })
      insistEqual(byState, [waiting['id']], 'those that wait')
      const since = textAt(waiting, 'status', 'timestamp')
      const earlier = new Date(Date.parse(since) - 60_000).toISOString()
      const bySince = await idsOf(scene, { contextId, statusTimestampAfter: earlier })
      insistEqual(bySince.length, 2, 'the number of those since')
      const later = new Date(Date.parse(since) + 60_000).toISOString()
      insistEqual(await idsOf(scene, { contextId, statusTimestampAfter: later }), [], 'those of later')
      return 'by context, state and time'
    },
  },
  {
    proves: ['A2A-3.1.4-j'],
    says: 'a list of what changed since a time has what changed at that very time',
    async run(scene) {
      const { contextId, id, status } = await scene.task('own-ask')
      const statusTimestampAfter = textAt(status, 'timestamp')
      insistEqual(await idsOf(scene, { contextId, statusTimestampAfter }), [id], 'the list')
      return statusTimestampAfter
    },
  },
  {
    proves: ['A2A-3.1.4-g', 'A2A-3.2.4-b'],
    says: 'a list has no more of the history than is asked for',
    async run(scene) {
      const { contextId } = await scene.task('own-ask')
      for (const historyLength of [0, 1]) {
        const list = await scene.result('ListTasks', { contextId, historyLength })
        const history = listAt(listAt(list, 'tasks')[0], 'history')
        insist(
          history.length <= historyLength,
          `${history.length} messages with historyLength ${historyLength}`,
        )
      }
      return 'as asked'
    },
  },
  {
    proves: ['A2A-3.1.4-h'],
    says: 'a page has one to a hundred tasks, and fifty when nothing is said',
    async run(scene) {
      const saw: string[] = []
      for (const pageSize of [0, 101, -1])
        saw.push(
          insistInvalid(scene.binding, await scene.call('ListTasks', { pageSize }), `pageSize ${pageSize}`),
        )
      const list = await scene.result('ListTasks', {})
      insist(listAt(list, 'tasks').length <= 50, 'more than 50 came')
      const one = await scene.result('ListTasks', { pageSize: 1 })
      insist(listAt(one, 'tasks').length <= 1, 'more than 1 came')
      return saw.join(', ')
    },
  },
  {
    proves: ['A2A-3.1.4-h', 'A2A-3.3.2-g'],
    says: 'a page token or state that is none is refused',
    async run(scene) {
      const wrong: JsonObject[] = [{ pageToken: 'of-somebody-else' }]
      // The codec of gRPC cannot write a state that is none.
      if (scene.binding !== 'GRPC')
        wrong.push({ status: 'TASK_STATE_RUNNING' }, { statusTimestampAfter: 'yesterday' })
      const saw: string[] = []
      for (const request of wrong) {
        const reply = await scene.call('ListTasks', request)
        insist(
          reply.error !== undefined,
          `${JSON.stringify(request)} was accepted: ${told(reply).slice(0, 80)}`,
        )
        saw.push(insistInvalid(scene.binding, reply, JSON.stringify(request)))
      }
      return saw.join(', ')
    },
  },
  {
    proves: ['A2A-3.3.2-g', 'A2A-3.2.4-b'],
    says: 'a historyLength below zero is refused',
    async run(scene) {
      const { id } = await scene.task('tck-complete-task')
      const listed = await scene.call('ListTasks', { historyLength: -5 })
      insistInvalid(scene.binding, listed, 'historyLength -5 of ListTasks')
      return insistInvalid(
        scene.binding,
        await scene.call('GetTask', { id, historyLength: -1 }),
        'historyLength -1',
      )
    },
  },
  {
    proves: ['A2A-3.1.4-g'],
    says: 'tasks of a list are as they are when read',
    async run(scene) {
      const { contextId, id } = await scene.task('tck-artifact-data')
      const list = await scene.result('ListTasks', { contextId, includeArtifacts: true })
      const [listed] = listAt(list, 'tasks')
      const read = await scene.result('GetTask', { id })
      insistEqual([listed?.['id'], stateOf(listed)], [id, stateOf(read)], 'the task')
      insistEqual(listed?.['artifacts'], valueAt(read, 'artifacts'), 'the artifacts')
      return 'the same'
    },
  },
]

async function contextOf(scene: Scene): Promise<string> {
  return String((await scene.task('tck-complete-task'))['contextId'])
}

async function idsOf(scene: Scene, request: JsonObject): Promise<unknown[]> {
  return listAt(await scene.result('ListTasks', request), 'tasks').map(({ id }) => id)
}
