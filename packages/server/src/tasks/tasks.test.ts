import type { Principal, TaskId } from '@parley/contract'
import { expect, onTestFinished, test } from 'vitest'
import { createActivity } from '../activity/index.ts'
import { ManualClock } from '../lib/manual-clock.ts'
import { createNewId, systemRandom } from '../lib/random.ts'
import { createSealer } from '../sealing/index.ts'
import { openTestStore, temporaryDirectory } from '../store/store-fixture.ts'
import { createTasks, ownerOf, type NewTask, type TaskLimits } from './index.ts'

const LIMITS: TaskLimits = {
  tasks: 5,
  tasksPerOwner: 3,
  resultBytes: 1000,
  allResultsBytes: 10_000,
  ttlMs: 60_000,
  maxTtlMs: 100_000,
  agentTasks: 8,
  agentTasksPerOwner: 6,
  agentTaskTtlMs: 60_000,
}
const sealer = createSealer(systemRandom.bytes(32), systemRandom)

async function open(limits: Partial<TaskLimits> = {}, directory = temporaryDirectory()) {
  const store = await openTestStore(directory)
  const clock = new ManualClock()
  const activity = createActivity({ store, clock, mode: 'queued', onError: () => {} })
  const newId = createNewId(clock, systemRandom)
  const errors: unknown[] = []
  const tools = { store, activity, clock, newId, sealer, onError: (error: unknown) => errors.push(error) }
  const tasks = createTasks({ ...tools, limits: { ...LIMITS, ...limits } })
  onTestFinished(async () => {
    await tasks[Symbol.asyncDispose]()
    await activity[Symbol.asyncDispose]()
  })
  return { store, clock, activity, tasks, errors }
}

function principal(app: string): Principal {
  return Object.freeze({
    subject: `gra_${app}`,
    chain: [
      { kind: 'person', id: 'per_1' },
      { kind: 'app', id: `app_${app}` },
    ],
    roles: [],
    assurance: { kind: 'bootstrap' },
  } as const)
}

const wanted = (app = 'a', more: Partial<NewTask> = {}): NewTask => ({
  face: 'mcp',
  principal: principal(app),
  server: 'one',
  action: 'tools/call',
  capability: 'tool:one/slow',
  argumentsDigest: 'digest',
  ...more,
})
const OK = { result: { content: [] } }
const soon = () => new Promise((resolve) => setTimeout(resolve, 50))

test('H2: a task is found by its owner alone; the same app of the same person owns it under any grant', async () => {
  const { tasks } = await open()
  const task = await tasks.create(wanted('a'))
  const own = ownerOf({ ...principal('a'), subject: 'gra_another' })
  expect(tasks.find(own, 'mcp', task.id)).toEqual(task)
  expect(tasks.find(ownerOf(principal('b')), 'mcp', task.id)).toBeUndefined()
  expect(tasks.find(own, 'mcp', 'tsk_nothing')).toBeUndefined()
  expect(tasks.list(ownerOf(principal('b')), undefined, 10).tasks).toEqual([])
})

test('H10: what is final stays so, whoever is first of many at once', async () => {
  const { tasks } = await open()
  const task = await tasks.create(wanted())
  const ends = await Promise.all([
    tasks.change(task.id, { state: 'completed', outcome: OK }),
    tasks.change(task.id, { state: 'cancelled' }),
    tasks.change(task.id, { state: 'failed', outcome: { error: { code: 1, message: 'x' } } }),
    tasks.change(task.id, { state: 'working' }),
  ])
  const final = ends.filter((each) => each !== undefined && each.state !== 'working')
  expect(final).toHaveLength(1)
  expect(tasks.findAny(task.id)).toMatchObject({ state: final[0]!.state })
  expect(await tasks.change(task.id, { state: 'working' })).toBeUndefined()
  expect(tasks.events(task.id).at(-1)).toMatchObject({ state: final[0]!.state })
})

test('events are numbered in the order of the changes, and a listener hears each after it is on disk', async () => {
  const { tasks } = await open()
  const task = await tasks.create(wanted())
  const heard: string[] = []
  tasks.watch(task.id, ({ state, id }) => heard.push(`${state} ${tasks.findAny(id)?.state}`))
  for (const state of ['input_required', 'working', 'completed'] as const)
    await tasks.change(task.id, { state, ...(state === 'completed' ? { outcome: OK } : {}) })
  expect(tasks.events(task.id).map(({ seq, state }) => `${seq} ${state}`)).toEqual([
    '1 working',
    '2 input_required',
    '3 working',
    '4 completed',
  ])
  expect(heard).toEqual(['input_required input_required', 'working working', 'completed completed'])
})

test('S4: what the server calls its task and what it came to are sealed, and the former is gone at the end', async () => {
  const directory = temporaryDirectory()
  const { tasks, store } = await open({}, directory)
  const task = await tasks.create(wanted('a', { upstreamRef: { taskId: 'zzREF' } }))
  expect(tasks.upstreamRefOf(task.id)).toEqual({ taskId: 'zzREF' })
  await tasks.change(task.id, { state: 'completed', outcome: { result: { secret: 'zzRESULT' } } })
  expect(tasks.outcomeOf(task.id)).toEqual({ result: { secret: 'zzRESULT' } })
  expect(tasks.upstreamRefOf(task.id)).toBeUndefined()
  const row = store.get('SELECT * FROM tasks')!
  const texts = Object.values(row).map((value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value),
  )
  expect(texts.join(' ')).not.toMatch(/zzREF|zzRESULT/)
})

test('limits: an owner’s tasks, all tasks, the size of a result and of all results', async () => {
  const { tasks } = await open({ allResultsBytes: 900 })
  const mine = [await tasks.create(wanted()), await tasks.create(wanted()), await tasks.create(wanted())]
  await expect(tasks.create(wanted())).rejects.toMatchObject({ code: 'rate_limited' })
  await tasks.create(wanted('b'))
  await tasks.create(wanted('c'))
  await expect(tasks.create(wanted('d'))).rejects.toMatchObject({ code: 'unavailable' })
  await tasks.change(mine[0]!.id, { state: 'completed', outcome: { result: { text: 'x'.repeat(2000) } } })
  expect(tasks.outcomeOf(mine[0]!.id)).toMatchObject({
    error: { message: expect.stringContaining('1000 bytes') },
  })
  expect(tasks.size).toBe(5)
})

test('retention: nothing goes before its ttl, what still runs then fails, and what is forgotten makes room', async () => {
  const { tasks, clock } = await open({ tasksPerOwner: 2 })
  const done = await tasks.create(wanted('a', { ttlMs: 30_000 }))
  const running = await tasks.create(wanted('a', { ttlMs: 1_000_000 }))
  expect(running.ttlMs).toBe(LIMITS.maxTtlMs)
  await tasks.change(done.id, { state: 'completed', outcome: OK })
  clock.advance(29_000)
  await soon()
  expect(tasks.findAny(done.id)).toBeDefined()
  clock.advance(16_000)
  await soon()
  expect(tasks.findAny(done.id)).toBeUndefined()
  expect(tasks.events(done.id)).toEqual([])
  expect(tasks.findAny(running.id)).toMatchObject({ state: 'working' })
  await tasks.create(wanted('a'))
  for (let step = 0; step < 5; step++) {
    clock.advance(15_000)
    await soon()
  }
  expect(tasks.findAny(running.id)).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('100000 ms'),
  })
})

test('restart: counts and what has not ended are found again', async () => {
  const directory = temporaryDirectory()
  const before = await open({}, directory)
  const task = await before.tasks.create(wanted())
  const ended = await before.tasks.create(wanted())
  await before.tasks.change(ended.id, { state: 'cancelled' })
  await before.store[Symbol.asyncDispose]()
  const { tasks } = await open({}, directory)
  expect(tasks.size).toBe(2)
  expect(tasks.unfinished('mcp').map(({ id }) => id)).toEqual([task.id])
  const { principal: kept } = tasks.findAny(task.id as TaskId)!
  expect(kept).toEqual(principal('a'))
})

test('each change has its record in the same unit, under the grant of its caller', async () => {
  const { tasks, activity } = await open()
  const task = await tasks.create(wanted())
  await tasks.change(task.id, { state: 'completed', outcome: { result: { isError: true } } })
  const records = activity.list({ before: undefined, limit: 10 }).map(({ record }) => record)
  expect(records).toMatchObject([
    { action: 'task.complete', result: 'tool_error', capability: 'tool:one/slow', argumentsDigest: 'digest' },
    { action: 'task.create', result: 'ok', subject: 'gra_a' },
  ])
})
