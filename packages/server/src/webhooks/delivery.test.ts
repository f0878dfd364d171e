import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StreamResponse as SdkStreamResponse } from '@a2a-js/sdk'
import { V03PushNotificationSerializer } from '@a2a-js/sdk/compat/v0_3/server'
import { jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StreamResponse } from '../a2a/index.ts'
import { TEST_HOST } from '../lib/fixtures/test-authority.ts'
import {
  HOW,
  ISSUER,
  openSink,
  openWebhooksIn,
  statusOf,
  textOf,
  type KitOptions,
  type Sink,
} from './test-kit.ts'

let dataDir = ''
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'parley-webhooks-'))))
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const open = async (options?: KitOptions) => {
  const kit = await openWebhooksIn(dataDir, options)
  kit.start()
  return kit
}

/** Asks again until it holds; the test's own time limit ends it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const eventIds = ({ requests }: Sink) => requests.map(({ headers }) => headers['parley-event-id'])

describe('what is sent', () => {
  test('B9: the event as it was, with the credentials that were configured', async () => {
    await using sink = await openSink()
    await using kit = await open({ allow: [sink.url] })
    const task = kit.newTask()
    await kit.webhooks.set(
      task,
      {
        url: `${sink.url}/hook?a=b`,
        token: 'token-1',
        authentication: { scheme: 'Bearer', credentials: 'secret-1' },
      },
      HOW,
    )
    await kit.tell(task, statusOf(task, 'ä'))
    await until(() => sink.requests.length === 1)
    const [request] = sink.requests
    expect(request!.path).toBe('/hook?a=b')
    expect(JSON.parse(request!.body)).toEqual(statusOf(task, 'ä'))
    expect(request!.headers).toMatchObject({
      'content-type': 'application/a2a+json',
      authorization: 'Bearer secret-1',
      'x-a2a-notification-token': 'token-1',
    })
  })

  test('B9: what was not configured is not sent', async () => {
    await using sink = await openSink()
    await using kit = await open({ allow: [sink.url] })
    const task = kit.newTask()
    await kit.webhooks.set(task, { url: sink.url, authentication: { scheme: 'Bearer' } }, HOW)
    await kit.tell(task, statusOf(task, 'a'))
    await until(() => sink.requests.length === 1)
    expect(sink.requests[0]!.headers).not.toHaveProperty('authorization')
    expect(sink.requests[0]!.headers).not.toHaveProperty('x-a2a-notification-token')
  })

  test('a client of 0.3 is told in the form of 0.3', async () => {
    await using sink = await openSink()
    await using kit = await open({ allow: [sink.url] })
    const task = kit.newTask()
    await kit.webhooks.set(task, { url: sink.url }, { ...HOW, version: '0.3' })
    await kit.tell(task, statusOf(task, 'a'))
    await until(() => sink.requests.length === 1)
    const [{ headers, body }] = sink.requests as [Sink['requests'][number]]
    expect(headers['content-type']).toBe('application/json')
    const sdk = new V03PushNotificationSerializer().serialize(SdkStreamResponse.fromJSON(statusOf(task, 'a')))
    expect(JSON.parse(body)).toEqual(JSON.parse(sdk.body))
  })

  test('H8: it is signed for its receiver and its body, and a retry has the id of the event', async () => {
    await using sink = await openSink()
    await using kit = await open({ allow: [sink.url] })
    const task = kit.newTask()
    let count = 0
    sink.answer = () => (++count % 2 === 1 ? 500 : 200)
    await kit.webhooks.set(task, { url: `${sink.url}/hook` }, HOW)
    await kit.tell(task, statusOf(task, '1'), statusOf(task, '2'))
    await until(() => sink.requests.length === 4)
    const ids = eventIds(sink)
    expect(ids[0]).toMatch(/^evt_/)
    expect(ids).toEqual([ids[0], ids[0], ids[2], ids[2]])
    expect(ids[2]).not.toBe(ids[0])
    const options = { issuer: ISSUER, audience: sink.url, typ: 'parley-webhook+jwt', algorithms: ['ES256'] }
    for (const { headers, body } of sink.requests) {
      const { payload } = await jwtVerify(String(headers['parley-signature']), kit.publicKey, options)
      expect(payload).toMatchObject({
        jti: headers['parley-event-id'],
        task,
        body_sha256: createHash('sha256').update(body).digest('base64url'),
      })
      expect(payload.exp! - payload.iat!).toBe(300)
    }
    const [first] = sink.requests
    const verify = (audience: string) =>
      jwtVerify(String(first!.headers['parley-signature']), kit.publicKey, { ...options, audience })
    await expect(verify('https://another.example')).rejects.toThrow('aud')
  })
})

describe('receivers that fail', () => {
  test('R30: with a third of failures every event is told, in the order of its task, with one id each', async () => {
    await using sink = await openSink()
    await using kit = await open({ allow: [sink.url] })
    let seed = 7
    sink.answer = (_request, response) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      if (seed / 2 ** 31 > 0.3) return 200
      // Of those that fail, a third has taken it and only the answer is lost.
      if (seed % 3 > 0) return 503
      response.socket!.destroy()
      return undefined
    }
    const tasks = [kit.newTask(), kit.newTask(), kit.newTask()]
    for (const task of tasks) await kit.webhooks.set(task, { url: `${sink.url}/${task}` }, HOW)
    await Promise.all(
      tasks.map(async (task) => {
        for (let at = 0; at < 70; at++) await kit.tell(task, statusOf(task, String(at)))
      }),
    )
    await until(() => kit.webhooks.counts().delivered === 210)
    for (const task of tasks) {
      const own = sink.requests.filter(({ path }) => path === `/${task}`)
      const order = own.map((request) => Number(textOf(request)))
      // Never back: what comes again comes before the next one.
      expect(order).toEqual(order.toSorted((left, right) => left - right))
      expect(new Set(order).size).toBe(70)
      const ids = new Map(own.map((request) => [textOf(request), request.headers['parley-event-id']]))
      expect(new Set(ids.values()).size).toBe(70)
      for (const request of own) expect(request.headers['parley-event-id']).toBe(ids.get(textOf(request)))
    }
    await until(() => kit.store.all('SELECT 1 FROM webhook_outbox').length === 0)
    expect(kit.webhooks.counts()).toMatchObject({ waiting: 0, active: 3, disabled: 0 })
    expect(kit.errors).toEqual([])
  }, 60_000)

  test('B9: a receiver that never answers is left after the time for it; others are told meanwhile', async () => {
    await using silent = await openSink()
    await using sink = await openSink()
    silent.answer = () => undefined
    await using kit = await open({ allow: [silent.url, sink.url], limits: { webhookTimeoutMs: 200 } })
    const tasks = Array.from({ length: 30 }, () => kit.newTask())
    for (const task of tasks) {
      await kit.webhooks.set(task, { url: silent.url }, HOW)
      await kit.webhooks.set(task, { url: sink.url }, HOW)
    }
    for (const task of tasks) await kit.tell(task, statusOf(task, task))
    await until(() => kit.webhooks.counts().delivered === 30)
    expect(sink.requests.map(textOf).toSorted()).toEqual(tasks.toSorted())
    await until(() => kit.webhooks.counts().failed >= 8)
    expect(silent.busiest()).toBeLessThanOrEqual(8)
    expect(kit.webhooks.all().find(({ webhook }) => webhook.failures > 0)?.webhook.reason).toBe(
      'The server did not answer in time.',
    )
  }, 20_000)

  test('at most 8 of one host and 64 of all are told at the same time', async () => {
    const sinks = await Promise.all(Array.from({ length: 10 }, () => openSink()))
    let open64 = 0
    let busiest = 0
    for (const sink of sinks)
      sink.answer = (_request, response) => {
        busiest = Math.max(busiest, ++open64)
        setTimeout(() => {
          open64--
          response.writeHead(204).end()
        }, 20)
        return undefined
      }
    await using kit = await open({ allow: ['http://127.0.0.1:*'] })
    for (const sink of sinks) {
      for (let at = 0; at < 15; at++) {
        const task = kit.newTask()
        const by = { subject: `app_${at}`, chain: [] }
        await kit.webhooks.set(task, { url: sink.url }, { by, version: '1.0' })
        await kit.store.submit([...kit.webhooks.enqueue(task, statusOf(task, 'a'))])
      }
    }
    for (const { webhook } of kit.webhooks.all()) kit.webhooks.wake(webhook.task)
    await until(() => kit.webhooks.counts().delivered === 150)
    expect(busiest).toBeLessThanOrEqual(64)
    expect(busiest).toBeGreaterThan(40)
    for (const sink of sinks) expect(sink.busiest()).toBeLessThanOrEqual(8)
    await Promise.all(sinks.map((sink) => sink[Symbol.asyncDispose]()))
  }, 20_000)

  test('one that closes, one without listener and one with a certificate of nobody are tried again', async () => {
    await using closing = await openSink()
    let count = 0
    closing.answer = (_request, response) => {
      if (++count > 2) return 200
      response.socket!.destroy()
      return undefined
    }
    await using untrusted = await openSink((answer) => createTlsServer(TEST_HOST, answer))
    const url = `https://localhost:${untrusted.port}`
    const gone = await openSink()
    await gone[Symbol.asyncDispose]()
    await using kit = await open({ allow: [closing.url, url, gone.url], limits: { webhookFailures: 3 } })
    const task = kit.newTask()
    for (const each of [closing.url, url, gone.url])
      await kit.webhooks.set(task, { id: each, url: each }, HOW)
    await kit.tell(task, statusOf(task, 'a'))
    await until(() => kit.webhooks.counts().disabled === 2 && kit.webhooks.counts().delivered === 1)
    expect(closing.requests).toHaveLength(3)
    expect(untrusted.requests).toEqual([])
    const reasons = kit.webhooks.all().map(({ webhook }) => webhook.reason)
    expect(reasons.filter((reason) => reason?.includes('could not be reached'))).toHaveLength(2)
  })

  test('a long or an encoded answer is thrown away, and a 2xx counts whatever follows it', async () => {
    await using sink = await openSink()
    const answers = ['x'.repeat(200_000), '']
    sink.answer = (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(answers.shift())
      return undefined
    }
    await using kit = await open({ allow: [sink.url] })
    const task = kit.newTask()
    await kit.webhooks.set(task, { url: sink.url }, HOW)
    await kit.tell(task, statusOf(task, '1'), statusOf(task, '2'))
    await until(() => kit.webhooks.counts().delivered === 2)
    expect(kit.webhooks.counts().failed).toBe(0)
    expect(sink.requests.map(textOf)).toEqual(['1', '2'])
  })

  test('Retry-After is waited for, and no longer than an hour', async () => {
    await using sink = await openSink()
    sink.answer = (_request, response) => {
      response.writeHead(429, { 'retry-after': '999999' })
      return 429
    }
    await using kit = await open({ allow: [sink.url] })
    const task = kit.newTask()
    await kit.webhooks.set(task, { url: sink.url }, HOW)
    const before = Date.now()
    await kit.tell(task, statusOf(task, '1'))
    await until(() => kit.webhooks.all()[0]!.webhook.failures === 1)
    const restMs = kit.webhooks.all()[0]!.webhook.retryAt! - before
    expect(restMs).toBeGreaterThan(3_500_000)
    expect(restMs).toBeLessThan(3_700_000)
    await kit.tell(task, statusOf(task, '2'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(sink.requests).toHaveLength(1)
  })
})

describe('much to tell', () => {
  test('what is too much becomes one notification of how the task stands, and what follows comes after it', async () => {
    await using sink = await openSink()
    await using kit = await openWebhooksIn(dataDir, { allow: [sink.url], limits: { webhookEvents: 10 } })
    const task = kit.newTask()
    await kit.webhooks.set(task, { url: sink.url }, HOW)
    for (let at = 0; at < 25; at++) await kit.tell(task, statusOf(task, String(at)))
    expect(kit.store.all('SELECT 1 FROM webhook_outbox').length).toBeLessThanOrEqual(10)
    kit.tasks.set(task, taskAt(task, '24'))
    kit.start()
    await until(() => sink.requests.length === 1)
    await kit.tell(task, statusOf(task, '25'))
    await until(() => sink.requests.length === 2)
    expect(JSON.parse(sink.requests[0]!.body)).toEqual({ task: kit.tasks.get(task) })
    expect(textOf(sink.requests[1]!)).toBe('25')
    await until(() => kit.store.all('SELECT 1 FROM webhook_outbox').length === 0)
  })

  test('the state is told the same at each retry, though the task goes on', async () => {
    await using sink = await openSink()
    sink.answer = () => 503
    await using kit = await open({ allow: [sink.url], limits: { webhookEvents: 2 } })
    const task = kit.newTask()
    kit.tasks.set(task, taskAt(task, 'before'))
    await kit.webhooks.set(task, { url: sink.url }, HOW)
    await kit.store.submit(
      ['1', '2', '3'].flatMap((text) => kit.webhooks.enqueue(task, statusOf(task, text))),
    )
    kit.webhooks.wake(task)
    await until(() => sink.requests.length >= 2)
    kit.tasks.set(task, taskAt(task, 'after'))
    await kit.tell(task, statusOf(task, 'after'))
    sink.answer = () => 200
    await until(() => kit.webhooks.counts().delivered === 2)
    expect(new Set(sink.requests.slice(0, -1).map(textOf))).toEqual(new Set(['before']))
    expect(new Set(eventIds(sink)).size).toBe(2)
    expect(textOf(sink.requests.at(-1)!)).toBe('after')
  })

  test('large events count by their size', async () => {
    await using sink = await openSink()
    await using kit = await openWebhooksIn(dataDir, { allow: [sink.url] })
    const task = kit.newTask()
    await kit.webhooks.set(task, { url: sink.url }, HOW)
    const large = statusOf(task, 'x'.repeat(3_000_000))
    for (let at = 0; at < 4; at++) await kit.store.submit([...kit.webhooks.enqueue(task, large)])
    const bytes = kit.store.get('SELECT sum(length(body)) AS bytes FROM webhook_outbox')
    expect(Number(bytes?.['bytes'] ?? 0)).toBeLessThan(8 * 1_048_576)
  })

  test('where nobody wants to be told, being asked costs next to nothing', async () => {
    await using kit = await open()
    const task = kit.newTask()
    const event = statusOf(task, 'a')
    const began = performance.now()
    for (let at = 0; at < 50_000; at++) if (kit.webhooks.wants(task)) kit.webhooks.enqueue(task, event)
    expect(performance.now() - began).toBeLessThan(500)
  })

  test('a webhook under a new address goes on where the old one was', async () => {
    await using sink = await openSink()
    await using kit = await open({ allow: [sink.url], limits: { webhookRetryMs: 60_000 } })
    sink.answer = (request) => (request.url === '/old' ? 503 : 200)
    const task = kit.newTask()
    await kit.webhooks.set(task, { id: 'mine', url: `${sink.url}/old`, token: 'old' }, HOW)
    await kit.tell(task, statusOf(task, '1'), statusOf(task, '2'))
    await until(() => kit.webhooks.counts().failed === 1)
    await kit.webhooks.set(task, { id: 'mine', url: `${sink.url}/new` }, HOW)
    await until(() => kit.webhooks.counts().delivered === 2)
    expect(sink.requests.map((request) => `${request.path} ${textOf(request)}`)).toEqual([
      '/old 1',
      '/new 1',
      '/new 2',
    ])
    expect(sink.requests[1]!.headers).not.toHaveProperty('x-a2a-notification-token')
    expect(kit.webhooks.list(task, { size: 0, token: '' }).configs).toHaveLength(1)
  })
})

function taskAt(task: string, text: string): Extract<StreamResponse, { task: unknown }>['task'] {
  const event = statusOf(task as `tsk_${string}`, text) as Extract<StreamResponse, { statusUpdate: unknown }>
  return { id: task, contextId: 'ctx_1', status: event.statusUpdate.status }
}
