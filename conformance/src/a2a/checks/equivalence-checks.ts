import { isObject, objectAt, textAt } from '../wire/json.ts'
import type { Json, JsonObject } from '../wire/json.ts'
import { BINDINGS } from '../wire/operations.ts'
import type { Binding, Operation } from '../wire/operations.ts'
import { insist, insistEqual } from './check.ts'
import type { Check } from './check.ts'
import { pushing, streaming, threeBindings } from './needs.ts'
import { newId } from './scene.ts'
import type { Scene } from './scene.ts'

/** The same requests in each binding (§5.1). Ids and times are replaced by the order in which they come. */
export const equivalenceChecks: Check[] = [
  {
    proves: ['A2A-5.1-a', 'A2A-5.1-b', 'A2A-4-a'],
    says: 'the same requests have the same results in each binding',
    bindings: 'once',
    needs: [threeBindings],
    run: (scene) => compare(scene, playTasks),
  },
  {
    proves: ['A2A-5.1-b'],
    says: 'the same stream has the same events in each binding',
    bindings: 'once',
    needs: [threeBindings, streaming],
    run: (scene) => compare(scene, playStreams),
  },
  {
    proves: ['A2A-5.1-c'],
    says: 'the same mistakes have the same errors in each binding',
    bindings: 'once',
    needs: [threeBindings],
    run: (scene) => compare(scene, playErrors),
  },
  {
    proves: ['A2A-5.1-a'],
    says: 'a task that one binding made is there in the others',
    bindings: 'once',
    needs: [threeBindings],
    async run(scene) {
      for (const made of BINDINGS) {
        const reply = await scene.clientOf(made).call('SendMessage', { message: scene.message('own-ask') })
        const id = textAt(reply.result, 'task', 'id')
        const seen = await Promise.all(
          BINDINGS.map(async (each) => (await scene.clientOf(each).call('GetTask', { id })).result ?? {}),
        )
        for (const task of seen) insistEqual(plain(task), plain(seen[0]), `the task of ${made}`)
        const other = BINDINGS[(BINDINGS.indexOf(made) + 1) % 3]!
        const next = { message: scene.message('tck-complete-task', { taskId: id }) }
        const answer = await scene.clientOf(other).call('SendMessage', next)
        insistEqual(
          textAt(answer.result, 'task', 'status', 'state'),
          'TASK_STATE_COMPLETED',
          `${other} after ${made}`,
        )
      }
      return 'each in each'
    },
  },
  {
    proves: ['A2A-5.1-b', 'A2A-3.1.9-a'],
    says: 'a webhook that one binding made is there in the others',
    bindings: 'once',
    needs: [threeBindings, pushing],
    async run(scene) {
      const { id: taskId } = await scene.task('own-ask')
      const config = { taskId, url: scene.webhooks.url(newId('hook')), id: newId('config') }
      await scene.clientOf('GRPC').call('CreateTaskPushNotificationConfig', config)
      const request = { taskId, id: config.id }
      const seen = await Promise.all(
        BINDINGS.map(
          async (each) => (await scene.clientOf(each).call('GetTaskPushNotificationConfig', request)).result,
        ),
      )
      for (const each of seen) insistEqual(textAt(each, 'url'), config.url, 'the url')
      return 'in each'
    },
  },
]

async function compare(
  scene: Scene,
  play: (scene: Scene, binding: Binding) => Promise<Json>,
): Promise<string> {
  const [wanted, ...others] = await Promise.all(
    BINDINGS.map(async (binding) => ({ binding, played: normalized(await play(scene, binding)) })),
  )
  for (const { binding, played } of others)
    insist(
      played === wanted!.played,
      `${binding} and ${wanted!.binding} differ: ${difference(wanted!.played, played)}`,
    )
  return `${wanted!.played.length} characters alike`
}

async function playTasks(scene: Scene, binding: Binding): Promise<Json> {
  const client = scene.clientOf(binding)
  const seen: JsonObject[] = []
  const call = async (operation: Operation, request: JsonObject) => {
    const reply = await client.call(operation, request)
    seen.push(reply.result ?? { error: reply.error?.reason ?? '' })
    return reply.result ?? {}
  }
  for (const script of [
    'tck-artifact-text',
    'tck-artifact-file',
    'tck-artifact-data',
    'tck-message-response',
    'own-fail',
  ])
    await call('SendMessage', { message: scene.message(script) })
  const asked = await call('SendMessage', { message: scene.message('own-ask') })
  const { id, contextId } = objectAt(asked, 'task')
  await call('GetTask', { id, historyLength: 1 })
  await call('SendMessage', {
    message: scene.message('own-media', { taskId: id }),
    configuration: { historyLength: 0 },
  })
  await call('SendMessage', { message: scene.message('tck-input-required', { contextId }) })
  await call('ListTasks', { contextId, includeArtifacts: true, historyLength: 0 })
  await call('ListTasks', { contextId, status: 'TASK_STATE_COMPLETED', pageSize: 1 })
  const made = await call('SendMessage', { message: scene.message('own-ask') })
  await call('CancelTask', { id: objectAt(made, 'task')['id'] })
  return seen
}

async function playStreams(scene: Scene, binding: Binding): Promise<Json> {
  const seen: JsonObject[] = []
  for (const script of ['tck-stream-003', 'own-chunks', 'tck-message-response', 'own-fail', 'own-media']) {
    const stream = await scene
      .clientOf(binding)
      .open('SendStreamingMessage', { message: scene.message(script) })
    scene.opened(stream)
    seen.push(...(await stream.rest()))
  }
  return seen
}

async function playErrors(scene: Scene, binding: Binding): Promise<Json> {
  const client = scene.clientOf(binding)
  const done = await client.call('SendMessage', { message: scene.message('tck-complete-task') })
  const { id } = objectAt(done.result, 'task')
  const none = newId('nonexistent')
  const replies = [
    await client.call('GetTask', { id: none }),
    await client.call('CancelTask', { id: none }),
    await client.call('CancelTask', { id }),
    await client.call('SendMessage', { message: scene.message('x', { taskId: id }) }),
    await client.call('SendMessage', { message: scene.message('x', { taskId: none }) }),
    await client.call('ListTasks', {}, { version: '7.7' }),
  ]
  return replies.map(({ error }) => ({ reason: error?.reason ?? '', message: error?.message ?? '' }))
}

/** Members that have their default are not told by every codec; ids, times and words of ids by their order. */
function normalized(value: Json): string {
  const known = new Map<string, string>()
  const text = JSON.stringify(plain(value))
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/(?:[\w]+[-_])*[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b(?:tsk|ctx)_[\w-]+/g, (id) => {
      if (!known.has(id)) known.set(id, `ID${known.size}`)
      return known.get(id)!
    })
}

function plain(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(plain)
  if (!isObject(value)) return value ?? null
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .filter((name) => !isEmpty(value[name]))
      .map((name) => [name, plain(value[name])]),
  )
}

function isEmpty(value: Json | undefined): boolean {
  return (
    value === undefined ||
    value === '' ||
    value === false ||
    value === 0 ||
    (Array.isArray(value) && value.length === 0) ||
    (isObject(value) && Object.keys(value).length === 0)
  )
}

/** Around where they part. */
function difference(one: string, other: string): string {
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  const from = Math.max(0, at - 40)
  return `…${other.slice(from, at + 60)}… instead of …${one.slice(from, at + 60)}…`
}
