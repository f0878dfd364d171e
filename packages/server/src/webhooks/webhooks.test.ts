import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { TaskId } from '@parley/contract'
import { startCanary } from '../egress/test-kit.ts'
import {
  BY,
  HOW,
  openSink,
  openWebhooksIn,
  statusOf,
  textOf,
  type KitOptions,
  type OpenedWebhooks,
} from './test-kit.ts'

let dataDir = ''
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'parley-webhooks-'))))
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const open = (options?: KitOptions) => openWebhooksIn(dataDir, options)
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )

/** Asks again until it holds; the test's own time limit ends it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('configurations', () => {
  test('an id is kept or given, a page goes on, a config of another task is not there', async () => {
    await using kit = await open()
    const { webhooks } = kit
    const [task, other] = [kit.newTask(), kit.newTask()]
    const url = 'https://1.1.1.1/hook'
    expect(await webhooks.set(task, { id: 'mine', url }, HOW)).toEqual({ id: 'mine', taskId: task, url })
    const made = await webhooks.set(task, { id: '', url }, HOW)
    expect(made.id).toMatch(/^whk_/)
    expect(webhooks.get(task, 'mine')?.url).toBe(url)
    expect(webhooks.get(other, 'mine')).toBeUndefined()
    const first = webhooks.list(task, { size: 1, token: '' })
    expect(first.configs.map(({ id }) => id)).toEqual(['mine'])
    const rest = webhooks.list(task, { size: 0, token: first.nextPageToken })
    expect(rest).toEqual({ configs: [made], nextPageToken: '' })
    expect(webhooks.list(other, { size: 0, token: '' }).configs).toEqual([])
    expect(() => webhooks.list(task, { size: 0, token: "whk_' OR 1" })).toThrow('page token')
  })

  test('they are there again after a restart, and gone with their task', async () => {
    let task: TaskId
    {
      await using kit = await open()
      task = kit.newTask()
      await kit.webhooks.set(task, { id: 'mine', url: 'https://1.1.1.1/hook' }, HOW)
    }
    await using kit = await open()
    expect(kit.webhooks.get(task, 'mine')?.url).toBe('https://1.1.1.1/hook')
    expect(kit.webhooks.wants(task)).toBe(true)
    await kit.store.submit([...kit.webhooks.enqueue(task, statusOf(task, 'a'))])
    await kit.store.submit(kit.webhooks.forget([task]))
    kit.webhooks.forgotten([task])
    expect(kit.webhooks.wants(task)).toBe(false)
    expect(kit.webhooks.get(task, 'mine')).toBeUndefined()
    for (const table of ['webhooks', 'webhook_outbox'])
      expect(kit.store.all(`SELECT 1 FROM ${table}`)).toEqual([])
    expect(kit.webhooks.counts()).toMatchObject({ active: 0, waiting: 0 })
  })

  test('deleting is idempotent, is on record, and nothing is sent afterwards', async () => {
    await using sink = await openSink()
    await using kit = await open({ allow: [sink.url] })
    kit.start()
    const task = kit.newTask()
    await kit.webhooks.set(task, { id: 'mine', url: sink.url }, HOW)
    await kit.webhooks.remove(task, 'mine', BY)
    await kit.webhooks.remove(task, 'mine', BY)
    await kit.webhooks.remove(task, 'never', BY)
    expect(kit.webhooks.enqueue(task, statusOf(task, 'a'))).toEqual([])
    await kit.tell(task, statusOf(task, 'b'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(sink.requests).toEqual([])
    const actions = kit.activity.list({ before: undefined, limit: 10 }).map(({ record }) => record.action)
    expect(actions).toEqual(['webhook.remove', 'webhook.set'])
  })

  test.each([
    ['no URL', { url: 'nowhere' }],
    ['another scheme', { url: 'ftp://1.1.1.1/' }],
    ['user info', { url: 'https://me:secret@1.1.1.1/' }],
    ['a fragment', { url: 'https://1.1.1.1/#a' }],
    ['a URL without end', { url: `https://1.1.1.1/${'a'.repeat(2048)}` }],
    ['an id without end', { url: 'https://1.1.1.1/', id: 'a'.repeat(129) }],
    ['half a character in the id', { url: 'https://1.1.1.1/', id: '\ud800' }],
    ['a line break in the token', { url: 'https://1.1.1.1/', token: 'a\r\nHost: evil' }],
    ['no scheme', { url: 'https://1.1.1.1/', authentication: { scheme: '', credentials: 'a' } }],
    ['a scheme of two words', { url: 'https://1.1.1.1/', authentication: { scheme: 'a b' } }],
    [
      'a line break in the credentials',
      { url: 'https://1.1.1.1/', authentication: { scheme: 'Bearer', credentials: 'a\nX: y' } },
    ],
  ])('B9: %s is refused without repeating it', async (_name, config) => {
    await using kit = await open()
    const task = kit.newTask()
    const error = await kit.webhooks.set(task, config, HOW).catch((refused: unknown) => refused)
    expect(error).toMatchObject({ code: 'invalid_params' })
    expect(String(error)).not.toMatch(/secret|evil/)
    expect(kit.webhooks.wants(task)).toBe(false)
  })
})

describe('H3', () => {
  test.each([
    'http://127.0.0.1/',
    'http://localhost/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
    'https://1.1.1.1:22/',
    'https://1.1.1.1:6379/',
    'http://printer/',
    'https://vault.internal/',
    'https://db.svc.cluster.local./',
    'https://inside.example/',
  ])('H3: %s is refused when it is set, and nothing is kept', async (url) => {
    await using kit = await open({ resolve: async () => [{ address: '192.168.1.1', family: 4 }] })
    const task = kit.newTask()
    expect(await codeOf(kit.webhooks.set(task, { url }, HOW))).toBe('invalid_params')
    expect(kit.webhooks.list(task, { size: 0, token: '' }).configs).toEqual([])
  })

  test('H3: the hub itself is refused, also where it is allowed', async () => {
    await using canary = await asDisposable(startCanary())
    await using kit = await open({ allow: ['http://127.0.0.1:*'], ownPort: () => canary.port })
    const url = `http://127.0.0.1:${canary.port}/api/people`
    expect(await codeOf(kit.webhooks.set(kit.newTask(), { url }, HOW))).toBe('invalid_params')
    expect(canary.connections()).toBe(0)
  })

  test('H3: an allowance is for its scheme, host and port alone', async () => {
    await using kit = await open({ allow: ['http://127.0.0.1:9999', 'https://localhost:*'] })
    const set = (url: string) => codeOf(kit.webhooks.set(kit.newTask(), { url }, HOW))
    expect(await set('http://127.0.0.1:9999/a')).toBe('resolved')
    expect(await set('https://localhost:1234/a')).toBe('resolved')
    expect(await set('https://127.0.0.1:9999/a')).toBe('invalid_params')
    expect(await set('http://127.0.0.1:9998/a')).toBe('invalid_params')
    expect(await set('http://localhost:1234/a')).toBe('invalid_params')
  })

  test('H3: a name that leads inside later is not followed there', async () => {
    await using canary = await asDisposable(startCanary())
    let address = '1.1.1.1'
    await using kit = await open({
      resolve: async () => [{ address, family: 4 }],
      discoveredPorts: [canary.port],
      limits: { webhookFailures: 3 },
    })
    kit.start()
    const task = kit.newTask()
    await kit.webhooks.set(task, { id: 'mine', url: `http://rebinding.example:${canary.port}/` }, HOW)
    for (address of ['127.0.0.1', '169.254.169.254', '10.0.0.1']) {
      await kit.tell(task, statusOf(task, address))
      await until(() => !kit.webhooks.wants(task))
      await kit.webhooks.enable(kit.webhooks.all()[0]!.webhook.id, BY)
    }
    expect(kit.webhooks.counts().delivered).toBe(0)
    expect(canary.connections()).toBe(0)
  })

  test.each([301, 302, 303, 307, 308])(
    'H3: a redirect (%i) is a failure and is not followed',
    async (status) => {
      await using canary = await asDisposable(startCanary())
      await using sink = await openSink()
      await using kit = await open({ allow: [sink.url, `http://127.0.0.1:${canary.port}`] })
      let isOver = false
      sink.answer = (_request, response) => {
        if (isOver) return 204
        isOver = true
        response.writeHead(status, { location: `http://127.0.0.1:${canary.port}/` })
        return status
      }
      kit.start()
      const task = kit.newTask()
      await kit.webhooks.set(task, { url: sink.url }, HOW)
      await kit.tell(task, statusOf(task, 'a'))
      await until(() => kit.webhooks.counts().delivered === 1)
      expect(sink.requests.map((request) => request.status)).toEqual([status, 204])
      expect(canary.connections()).toBe(0)
    },
  )

  test('H3: 10,000 configurations of a task are refused but for ten, and one caller gets a tenth of all places', async () => {
    await using kit = await open({ limits: { webhooks: 500 } })
    const task = kit.newTask()
    const url = 'https://1.1.1.1/'
    const codes = await Promise.all(
      Array.from({ length: 10_000 }, () => codeOf(kit.webhooks.set(task, { url }, HOW))),
    )
    expect(codes.filter((code) => code === 'resolved')).toHaveLength(10)
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(9990)
    const more = await Promise.all(
      Array.from({ length: 100 }, () => codeOf(kit.webhooks.set(kit.newTask(), { url }, HOW))),
    )
    expect(more.filter((code) => code === 'resolved')).toHaveLength(40)
    const others = Array.from({ length: 20 }, (_, at) => ({ subject: `app_${at}`, chain: [] }))
    const all = await Promise.all(
      others.flatMap((by) =>
        Array.from({ length: 50 }, () =>
          codeOf(kit.webhooks.set(kit.newTask(), { url }, { by, version: '1.0' })),
        ),
      ),
    )
    expect(all.filter((code) => code === 'resolved')).toHaveLength(450)
    // One that is there can be changed all the same.
    const { id } = kit.webhooks.list(task, { size: 1, token: '' }).configs[0]!
    expect(await codeOf(kit.webhooks.set(task, { id: id!, url: 'https://1.1.1.1/new' }, HOW))).toBe(
      'resolved',
    )
    await kit.webhooks.remove(task, id!, BY)
    expect(await codeOf(kit.webhooks.set(task, { url }, HOW))).toBe('resolved')
  }, 60_000)

  test('H3, S4: credentials are shown to nobody, and stand nowhere but sealed', async () => {
    await using kit = await open()
    const task = kit.newTask()
    const config = {
      id: 'mine',
      url: 'https://1.1.1.1/',
      token: 'zzSECRETtoken',
      authentication: { scheme: 'Bearer', credentials: 'zzSECRETcredentials' },
    }
    const shown = [
      await kit.webhooks.set(task, config, HOW),
      kit.webhooks.get(task, 'mine'),
      kit.webhooks.list(task, { size: 0, token: '' }).configs[0],
    ]
    for (const one of shown)
      expect(one).toEqual({
        id: 'mine',
        taskId: task,
        url: config.url,
        authentication: { scheme: 'Bearer' },
      })
    await kit.store.submit([...kit.webhooks.enqueue(task, statusOf(task, 'zzSECRETevent'))])
    const told = JSON.stringify([kit.webhooks.all(), kit.activity.list({ before: undefined, limit: 10 })])
    expect(told).not.toContain('zzSECRET')
    for (const file of ['parley.db', 'parley.db-wal'])
      expect(readFileSync(join(dataDir, file)).includes('zzSECRET')).toBe(false)
  })
})

describe('disabled', () => {
  async function failing(kit: OpenedWebhooks, url: string): Promise<TaskId> {
    kit.start()
    const task = kit.newTask()
    await kit.webhooks.set(task, { id: 'mine', url: `${url}/hook?key=zzSECRET` }, HOW)
    kit.tasks.set(task, { id: task, contextId: 'ctx_1', status: { state: 'TASK_STATE_COMPLETED' } })
    await kit.tell(task, statusOf(task, '1'), statusOf(task, '2'))
    await until(() => !kit.webhooks.wants(task))
    return task
  }

  test('H3: after so many failures in a row nothing more is sent, it is on record, and survives a restart', async () => {
    await using sink = await openSink()
    sink.answer = () => 500
    let task: TaskId
    {
      await using kit = await open({ allow: [sink.url], limits: { webhookFailures: 3 } })
      task = await failing(kit, sink.url)
      await kit.tell(task, statusOf(task, '3'))
      await until(() => kit.store.all('SELECT 1 FROM webhook_outbox').length === 0)
      expect(sink.requests).toHaveLength(3)
      expect(kit.webhooks.counts()).toEqual({ delivered: 0, failed: 3, waiting: 0, active: 0, disabled: 1 })
      const { record } = kit.activity.list({ before: undefined, limit: 1 })[0]!
      expect(record).toMatchObject({ action: 'webhook.disable', subject: 'hub' })
      expect(record.note).toContain('3 times in a row; the last: It answered 500.')
      expect(record.note).not.toContain('zzSECRET')
    }
    await using kit = await open({ allow: [sink.url] })
    kit.start()
    expect(kit.webhooks.all()[0]!.webhook).toMatchObject({ state: 'disabled', failures: 3 })
    expect(kit.webhooks.wants(task)).toBe(false)
    expect(kit.webhooks.get(task, 'mine')).toBeDefined()
  })

  test('an administrator enables it again: it is told how the task stands, then all that comes', async () => {
    await using sink = await openSink()
    sink.answer = () => 500
    await using kit = await open({ allow: [sink.url], limits: { webhookFailures: 2 } })
    const task = await failing(kit, sink.url)
    sink.answer = () => 200
    sink.requests.length = 0
    const { id } = kit.webhooks.all()[0]!.webhook
    expect(await kit.webhooks.enable(id, BY)).toMatchObject({ webhook: { state: 'active', failures: 0 } })
    await kit.tell(task, statusOf(task, '4'))
    await until(() => sink.requests.length === 2)
    expect(JSON.parse(sink.requests[0]!.body)).toEqual({ task: kit.tasks.get(task) })
    expect(textOf(sink.requests[1]!)).toBe('4')
  })

  test('a client enables it by setting it anew', async () => {
    await using sink = await openSink()
    sink.answer = () => 500
    await using kit = await open({ allow: [sink.url], limits: { webhookFailures: 2 } })
    const task = await failing(kit, sink.url)
    sink.answer = () => 200
    sink.requests.length = 0
    await kit.webhooks.set(task, { id: 'mine', url: `${sink.url}/new` }, HOW)
    await until(() => sink.requests.length === 1)
    expect(sink.requests[0]!.path).toBe('/new')
    expect(JSON.parse(sink.requests[0]!.body)).toHaveProperty('task')
  })

  test('410 disables at once', async () => {
    await using sink = await openSink()
    sink.answer = () => 410
    await using kit = await open({ allow: [sink.url] })
    await failing(kit, sink.url)
    expect(sink.requests).toHaveLength(1)
    expect(kit.webhooks.all()[0]!.webhook.reason).toContain('410')
  })

  test('a success resets the count of failures', async () => {
    await using sink = await openSink()
    let count = 0
    sink.answer = () => (++count % 3 === 0 ? 200 : 503)
    await using kit = await open({ allow: [sink.url], limits: { webhookFailures: 3 } })
    kit.start()
    const task = kit.newTask()
    await kit.webhooks.set(task, { url: sink.url }, HOW)
    await kit.tell(task, ...Array.from({ length: 6 }, (_, at) => statusOf(task, String(at))))
    await until(() => kit.webhooks.counts().delivered === 6)
    expect(kit.webhooks.all()[0]!.webhook).toMatchObject({ state: 'active', failures: 0 })
  })
})

describe('G7: who may no more', () => {
  test('G7: whose grant has ended is told nothing more, not even what waits', async () => {
    await using sink = await openSink()
    let isOver = false
    await using kit = await open({
      allow: [sink.url],
      mayBeTold: ({ grant }) => !(isOver && grant === 'gra_1'),
    })
    kit.start()
    const task = kit.newTask()
    const by = { ...BY, grant: 'gra_1' } as const
    await kit.webhooks.set(task, { id: 'theirs', url: `${sink.url}/theirs` }, { by, version: '1.0' })
    await kit.webhooks.set(task, { id: 'other', url: `${sink.url}/other` }, HOW)
    await kit.tell(task, statusOf(task, '1'))
    await until(() => sink.requests.length === 2)
    isOver = true
    await kit.tell(task, statusOf(task, '2'))
    await until(() => kit.webhooks.counts().disabled === 1)
    await until(() => sink.requests.length === 3)
    expect(sink.requests.map(({ path }) => path).toSorted()).toEqual(['/other', '/other', '/theirs'])
    expect(kit.webhooks.all()[0]!.webhook.reason).toContain('grant')
  })

  test('G7: who was cut off has no webhooks any more, here and on disk, and others keep theirs', async () => {
    await using sink = await openSink()
    sink.answer = () => 503
    await using kit = await open({ allow: [sink.url], limits: { webhookRetryMs: 100 } })
    kit.start()
    const task = kit.newTask()
    await kit.webhooks.set(task, { id: 'theirs', url: sink.url }, HOW)
    const by = { subject: 'agt_2', chain: [] }
    await kit.webhooks.set(task, { id: 'other', url: 'https://1.1.1.1/' }, { by, version: '1.0' })
    await kit.tell(task, statusOf(task, '1'))
    await until(() => sink.requests.length === 1)
    await kit.webhooks.cut(({ chain }) => chain.some(({ id }) => id === 'per_1'))
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(sink.requests).toHaveLength(1)
    expect(kit.webhooks.list(task, { size: 0, token: '' }).configs.map(({ id }) => id)).toEqual(['other'])
    expect(kit.store.all('SELECT name FROM webhooks')).toEqual([{ name: 'other' }])
    const [last] = kit.activity.list({ before: undefined, limit: 1 })
    expect(last!.record).toMatchObject({ action: 'webhook.remove', subject: 'hub' })
  })
})

async function asDisposable<value extends { close(): Promise<void> }>(
  opening: Promise<value>,
): Promise<value & AsyncDisposable> {
  const opened = await opening
  return { ...opened, [Symbol.asyncDispose]: () => opened.close() }
}
