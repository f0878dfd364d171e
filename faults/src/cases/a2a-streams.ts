import assert from 'node:assert/strict'
import type { Json } from '../evil/evil-state.ts'
import { startA2aAgent, type A2aAgent } from '../evil/start-a2a-agent.ts'
import {
  a2aRequest,
  agentIsReady,
  beginTask,
  gauge,
  getTask,
  saying,
  stateOf,
  withAgent,
} from '../kit/a2a.ts'
import { holdStream, holdStreams, sendRaw, type HeldStream } from '../kit/held-streams.ts'
import type { Hub } from '../kit/hub.ts'
import { openFiles, residentBytes } from '../kit/process-probe.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import type { Rig } from '../run/rig.ts'
import { percentile, sleep, until } from './expectations.ts'

const STREAMS = 'parley_event_streams'
const LIMITS = {
  streams: 30_000,
  streamsPerPrincipal: 30_000,
  connections: 40_000,
  connectionsPerAddress: 40_000,
  agentTaskBytes: 1_000_000_000,
}

/** R11 – R14: who follows agents' tasks, and leaves, waits or does not read. */
export const a2aStreamsGroup: FaultGroup = {
  name: 'a2a-streams',
  runsAlone: true,
  cases: [
    {
      requirement: 'R11',
      name: '500 clients of A2A leave their streams and sends: nothing is held for them, and their tasks go on',
      run: (rig) => withHub(rig, leave),
    },
    {
      requirement: 'R12',
      name: 'subscriptions to a task on which nothing happens are cheap, and slow nobody down',
      run: (rig) => withHub(rig, idle),
    },
    {
      requirement: 'R13',
      name: 'subscriptions to a task that come and go leave nothing behind',
      run: (rig) => withHub(rig, churn),
    },
    {
      requirement: 'R14',
      also: ['D8'],
      name: 'readers of a fast task that do not read are cut, and the others lose no event',
      run: (rig) => withHub(rig, paused),
    },
  ],
}

async function withHub(
  rig: Rig,
  act: (rig: Rig, opened: { hub: Hub; agent: A2aAgent }) => Promise<void>,
): Promise<void> {
  const agent = await startA2aAgent()
  rig.defer(() => agent.close())
  // A small heap: otherwise what is garbage counts, of which V8 lets pile up as much as the machine has room for.
  const env = { NODE_OPTIONS: '--max-old-space-size=256' }
  const hub = await rig.ownHub({ config: withAgent(agent.url, LIMITS), env, timeoutMs: 60_000 })
  await until('the agent is known', () => agentIsReady(hub), 20_000)
  await act(rig, { hub, agent })
}

async function leave(rig: Rig, { hub, agent }: { hub: Hub; agent: A2aAgent }): Promise<void> {
  const files = openFiles(hub.pid)
  const sockets = Array.from({ length: 500 }, (_, number) => {
    const method = number % 2 === 0 ? 'SendStreamingMessage' : 'SendMessage'
    return sendRaw(hub, a2aRequest(method, { message: saying(`left-${number}`, 'wait') }))
  })
  rig.defer(() => sockets.forEach((socket) => socket.destroy()))
  await until('all are under way', async () => (await listIds(hub)).length === 500, 60_000)
  await until('250 streams', async () => (await gauge(hub, STREAMS)) === 250, 20_000)
  const left = performance.now()
  for (const socket of sockets) socket.destroy()
  await until('no stream is held', async () => (await gauge(hub, STREAMS)) === 0, 20_000)
  rig.figure('nothing is held after ms', performance.now() - left, 1000)
  assert.equal(agent.open().length, 500, 'a task ended with its reader')
  assert.ok(agent.streams() <= 500, `${agent.streams()} streams to the agent for 500 tasks`)
  agent.finish()
  await until('all tasks have ended', async () => (await listIds(hub, 'WORKING')).length === 0, 60_000)
  assert.equal((await listIds(hub, 'COMPLETED')).length, 500)
  assert.equal(agent.streams(), 0, 'streams to the agent were left open')
  // Some connections to the agent are kept for the next call.
  await until('descriptors are given back', () => openFiles(hub.pid) <= files + 70, 30_000)
}

async function listIds(hub: Hub, state = 'WORKING'): Promise<string[]> {
  const status = `TASK_STATE_${state}`
  const ids: string[] = []
  for (let pageToken = ''; ;) {
    const reply = await hub.send(a2aRequest('ListTasks', { pageSize: 100, pageToken, status }))
    const page = reply.answer?.['result'] as Json
    ids.push(...(page['tasks'] as Json[]).map((task) => String(task['id'])))
    pageToken = String(page['nextPageToken'])
    if (pageToken === '') return ids
  }
}

async function idle(rig: Rig, { hub, agent }: { hub: Hub; agent: A2aAgent }): Promise<void> {
  const count = rig.settings.isFull ? 10_000 : 2000
  const id = await beginTask(hub, 'idle')
  const quietMs = await timeCalls(hub, id)
  const memory = residentBytes(hub.pid)
  const streams = await holdStreams(hub, a2aRequest('SubscribeToTask', { id }), { count })
  rig.defer(() => destroy(streams))
  await sleep(2000)
  rig.figure('memory of each, KB', (residentBytes(hub.pid) - memory) / 1000 / count, 50)
  assert.equal(agent.streams(), 1, 'the agent is asked for one stream, however many follow')
  rig.slowdown('calls meanwhile, p99', { quietMs, busyMs: await timeCalls(hub, id) }, 2)
  assert.equal(streams.filter((one) => one.isOpen()).length, count, 'some were dropped')
  agent.finish()
  const isTold = ({ text }: HeldStream): boolean => text().includes('TASK_STATE_COMPLETED')
  await until('each is told of the end', () => streams.every(isTold), 30_000)
  await until('no stream is held', async () => (await gauge(hub, STREAMS)) === 0, 20_000)
}

async function timeCalls(hub: Hub, id: string): Promise<number> {
  const times: number[] = []
  for (let call = 0; call < 400; call += 1) {
    const started = performance.now()
    await getTask(hub, id)
    if (call >= 100) times.push(performance.now() - started)
  }
  return percentile(times, 0.99)
}

async function churn(rig: Rig, { hub, agent }: { hub: Hub; agent: A2aAgent }): Promise<void> {
  const id = await beginTask(hub, 'churn')
  const request = a2aRequest('SubscribeToTask', { id })
  const turn = async (count: number): Promise<void> => {
    let begun = 0
    const work = async (): Promise<void> => {
      while (begun < count) {
        begun += 1
        // Every third leaves before it is answered.
        if (begun % 3 === 0) {
          const socket = sendRaw(hub, request)
          await new Promise((resolve) => socket.once('connect', resolve))
          socket.destroySoon()
        } else (await holdStream(hub, request)).socket.destroy()
      }
    }
    await Promise.all(Array.from({ length: 40 }, work))
    await until('no stream is held', async () => (await gauge(hub, STREAMS)) === 0, 20_000)
  }
  // What is only needed once is there by then.
  await turn(4000)
  await sleep(1000)
  const [memory, files] = [residentBytes(hub.pid), openFiles(hub.pid)]
  const left = performance.now()
  await turn(rig.settings.isFull ? 20_000 : 4000)
  rig.note(`${Math.round(performance.now() - left)} ms`)
  await until('descriptors are given back', () => openFiles(hub.pid) <= files + 5, 20_000)
  await sleep(2000)
  rig.figure('memory it left, MB', (residentBytes(hub.pid) - memory) / 1e6, 20)
  assert.equal(agent.streams(), 1, 'the task is followed by one stream as before')
  assert.equal(stateOf(await getTask(hub, id)), 'WORKING')
}

async function paused(rig: Rig, { hub, agent }: { hub: Hub; agent: A2aAgent }): Promise<void> {
  const count = rig.settings.isFull ? 200 : 50
  const id = await beginTask(hub, 'fast', 'flood 20000 10')
  const request = a2aRequest('SubscribeToTask', { id })
  const memory = residentBytes(hub.pid)
  const healthy = await holdStream(hub, request, true)
  const readers = await holdStreams(hub, request, { count })
  rig.defer(() => destroy([healthy, ...readers]))
  for (const { socket } of readers) socket.pause()
  let most = 0
  await until(
    'those that do not read are cut',
    async () => {
      most = Math.max(most, residentBytes(hub.pid) - memory)
      return (await gauge(hub, STREAMS)) === 1
    },
    60_000,
  )
  rig.figure('most memory that they took, MB', most / 1e6, 100)
  agent.finish()
  await until('the end is told', () => healthy.text().slice(-2000).includes('TASK_STATE_COMPLETED'), 20_000)
  const told = [...healthy.text().matchAll(/"text":"(\d+):x/g)].map(([, number]) => Number(number))
  const first = told[0] ?? 0
  assert.deepEqual(
    told,
    Array.from({ length: told.length }, (_, at) => first + at),
    'the reader that reads lost events',
  )
  rig.note(`${told.length} events to the one that reads`)
}

function destroy(streams: readonly HeldStream[]): void {
  for (const { socket } of streams) socket.destroy()
}
