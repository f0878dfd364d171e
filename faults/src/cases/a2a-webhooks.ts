import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from '../evil/evil-state.ts'
import { startA2aAgent } from '../evil/start-a2a-agent.ts'
import { a2aRequest, agentIsReady, saying, withAgent } from '../kit/a2a.ts'
import type { Hub } from '../kit/hub.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import type { Rig } from '../run/rig.ts'
import { sleep, until } from './expectations.ts'

/** R30: notifications, while the hub dies and their receiver fails. */
export const a2aWebhooksGroup: FaultGroup = {
  name: 'a2a-webhooks',
  cases: [
    {
      requirement: 'R30',
      name: 'kill -9 three times, and a receiver that fails three times in ten: every event of every task arrives, in order, under one id',
      run: killThrice,
    },
  ],
}

interface Delivery {
  readonly task: string
  /** The part it tells of; `end` for the end. */
  readonly what: string
  readonly event: string
  readonly isTaken: boolean
}

async function killThrice(rig: Rig): Promise<void> {
  const { tasks, parts } = rig.settings.isFull ? { tasks: 50, parts: 19 } : { tasks: 20, parts: 9 }
  const total = tasks * (parts + 1)
  const agent = await startA2aAgent()
  rig.defer(() => agent.close())
  const sink = await startSink(rig)
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-a2a-hooks-'))
  rig.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const limits = { webhookRetryMs: 20, webhookFailures: 1000 }
  const config = { ...withAgent(agent.url, limits), webhooks: { allow: [new URL(sink.url).origin] } }
  const options = { config, dataDir, timeoutMs: 60_000 }
  let hub = await rig.ownHub(options)
  await until('the agent is known', () => agentIsReady(hub), 20_000)
  const ids = await Promise.all(
    Array.from({ length: tasks }, (_, number) => begin(hub, { number, parts, url: sink.url })),
  )
  for (const share of [0.1, 0.4, 0.7]) {
    const enough = Math.floor(total * share) + rig.random.integer(total / 10)
    await until(`${enough} events`, () => takenOf(sink.deliveries).size >= enough, 60_000)
    await sleep(rig.random.integer(20))
    hub.child.kill('SIGKILL')
    await hub.exited
    hub = await rig.ownHub({ ...options, port: hub.port })
  }
  await until(`all ${total} events`, () => takenOf(sink.deliveries).size >= total, 60_000).catch(
    () => undefined,
  )
  rig.note(`${sink.deliveries.length} attempts for ${total} events`)
  expectWhole(sink.deliveries, ids, parts)
}

async function begin(
  hub: Hub,
  { number, parts, url }: { number: number; parts: number; url: string },
): Promise<string> {
  const params = {
    message: saying(`told-${number}`, `parts ${parts} 400`),
    configuration: { returnImmediately: true, taskPushNotificationConfig: { url } },
  }
  const reply = await hub.send(a2aRequest('SendMessage', params))
  const task = (reply.answer?.['result'] as Json | undefined)?.['task'] as Json | undefined
  assert.ok(task, reply.text.slice(0, 300))
  return String(task['id'])
}

function takenOf(deliveries: readonly Delivery[]): Set<string> {
  const taken = deliveries.filter(({ isTaken, what }) => isTaken && what !== 'begin')
  return new Set(taken.map(({ task, what }) => `${task} ${what}`))
}

function expectWhole(deliveries: readonly Delivery[], ids: readonly string[], parts: number): void {
  const wanted = [...Array.from({ length: parts }, (_, part) => String(part)), 'end']
  for (const id of ids) {
    const own = deliveries.filter(({ task }) => task === id)
    const taken = own.filter(({ isTaken, what }) => isTaken && what !== 'begin').map(({ what }) => what)
    // One that was taken may come again where the hub died before it knew; never after a later one.
    const order = taken.filter((what, at) => what !== taken[at - 1])
    assert.deepEqual(order, wanted, `what came of ${id}`)
    const eventOf = new Map(own.map(({ what, event }) => [what, event]))
    for (const { what, event } of own)
      assert.equal(event, eventOf.get(what), `${what} of ${id} came under two ids`)
    assert.equal(new Set(eventOf.values()).size, eventOf.size, `two events of ${id} have one id`)
  }
  const strangers = deliveries.filter(({ task }) => !ids.includes(task))
  assert.deepEqual(strangers, [], 'tasks that nobody began')
}

async function startSink(rig: Rig): Promise<{ url: string; deliveries: Delivery[] }> {
  const deliveries: Delivery[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const isTaken = rig.random.next() >= 0.3
      const event = String(request.headers['parley-event-id'])
      deliveries.push({ ...readEvent(JSON.parse(text) as Json), event, isTaken })
      response.writeHead(isTaken ? 200 : 500).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  rig.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, deliveries }
}

function readEvent(body: Json): { task: string; what: string } {
  const task = body['task'] as Json | undefined
  if (task) return { task: String(task['id']), what: 'begin' }
  const artifact = body['artifactUpdate'] as Json | undefined
  if (artifact) {
    const { artifactId } = artifact['artifact'] as Json
    return { task: String(artifact['taskId']), what: String(artifactId).replace('part-', '') }
  }
  return { task: String((body['statusUpdate'] as Json)['taskId']), what: 'end' }
}
