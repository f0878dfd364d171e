import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from '../evil/evil-state.ts'
import { startA2aAgent, type A2aAgent } from '../evil/start-a2a-agent.ts'
import { a2aRequest, agentIsReady, getTask, saying, stateOf, withAgent } from '../kit/a2a.ts'
import type { Hub, HubOptions } from '../kit/hub.ts'
import { openStream } from '../kit/stream.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import type { Rig } from '../run/rig.ts'
import { recordedTasks } from './a2a-records.ts'
import { sleep, until } from './expectations.ts'

const TASKS = 1000
/** Of the hub's streams; every fourth task is sent with one. */
const AT_ONCE = 200

/** R1, R3, R6: what becomes of agents' tasks when the hub is killed. */
export const a2aKillsGroup: FaultGroup = {
  name: 'a2a-kills',
  cases: [
    {
      requirement: 'R1',
      also: ['R3', 'R6'],
      name: `kill -9 while ${TASKS} tasks of A2A are sent: none acknowledged is lost or unrecorded, and no message is taken more than twice`,
      run: killAgain,
    },
  ],
}

async function killAgain(rig: Rig): Promise<void> {
  for (let round = 1; round <= (rig.settings.isFull ? 10 : 3); round += 1) {
    const agent = await startA2aAgent()
    const directory = mkdtempSync(join(tmpdir(), 'parley-a2a-'))
    try {
      await killOnce(rig, agent, { directory, round })
    } finally {
      await agent.close()
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

async function killOnce(
  rig: Rig,
  agent: A2aAgent,
  { directory, round }: { directory: string; round: number },
): Promise<void> {
  const acked = new AckLog(join(directory, 'acks'))
  const config = withAgent(agent.url)
  const options: HubOptions = { config, dataDir: join(directory, 'data'), timeoutMs: 60_000 }
  const hub = await rig.ownHub(options)
  await until('the agent is known', () => agentIsReady(hub), 20_000)
  const sent = sendAll(hub, acked)
  // Some are on their way whenever it is.
  const killAt = 1 + rig.random.integer(TASKS - AT_ONCE)
  await until(`${killAt} acknowledgements`, () => acked.size >= killAt, 60_000)
  await sleep(rig.random.integer(20))
  hub.child.kill('SIGKILL')
  await hub.exited
  await sent
  agent.forgetLooks()
  const before = acked.read()
  rig.note(`kill ${round}: ${before.length} of ${TASKS} were acknowledged`)

  const started = performance.now()
  const again = await rig.ownHub({ ...options, port: hub.port })
  rig.figure('ready after a kill, in ms', performance.now() - started, 2000)
  await expectResumed(rig, { hub: again, agent, ids: before.map(({ id }) => id), started })
  await expectRecorded(again, before)
  await resend(again, agent, acked)
  agent.finish()
  const all = acked.read().map(({ id }) => id)
  await until('every task has ended', () => haveEnded(again, all), 60_000)
}

/** What clients were told, on disk before it counts. */
class AckLog {
  readonly #file: string
  readonly #numbers = new Set<number>()

  constructor(file: string) {
    this.#file = file
    appendFileSync(file, '')
  }

  get size(): number {
    return this.#numbers.size
  }

  has(number: number): boolean {
    return this.#numbers.has(number)
  }

  add(number: number, id: string): void {
    appendFileSync(this.#file, `${number} ${id}\n`)
    this.#numbers.add(number)
  }

  read(): { number: number; id: string }[] {
    return readFileSync(this.#file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => ({ number: Number(line.split(' ')[0]), id: String(line.split(' ')[1]) }))
  }
}

/** Those that are not acknowledged yet, so many at a time. Resolves when each was answered or broken off. */
async function sendAll(hub: Hub, acked: AckLog): Promise<void> {
  const numbers = Array.from({ length: TASKS }, (_, number) => number).values()
  const work = async (): Promise<void> => {
    for (const number of numbers) {
      if (acked.has(number)) continue
      const id = await sendOne(hub, number).catch(() => undefined)
      if (id !== undefined) acked.add(number, id)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

/** By turns: answered at once and going on, streamed, blocking until the end, ended when it is answered. */
async function sendOne(hub: Hub, number: number): Promise<string | undefined> {
  const isQuick = number % 4 >= 2
  const message = saying(`message-${number}`, isQuick ? 'quick' : 'wait')
  if (number % 4 === 1) {
    const stream = await openStream(hub, a2aRequest('SendStreamingMessage', { message }))
    const first = stream.next((one) => 'result' in one, 20_000)
    first.catch(() => undefined)
    await Promise.race([first, stream.ended])
    stream.abort()
    return stream.messages[0] && taskIdOf(stream.messages[0])
  }
  const configuration = { returnImmediately: number % 4 !== 2 }
  const reply = await hub.send(a2aRequest('SendMessage', { message, configuration }, { timeoutMs: 30_000 }))
  return reply.answer && taskIdOf(reply.answer)
}

function taskIdOf(answer: Json): string | undefined {
  const task = (answer['result'] as Json | undefined)?.['task'] as Json | undefined
  return task && String(task['id'])
}

/** Each is there, and has ended or is asked for at its agent again. */
async function expectResumed(
  rig: Rig,
  { hub, agent, ids, started }: { hub: Hub; agent: A2aAgent; ids: readonly string[]; started: number },
): Promise<void> {
  const states = await Promise.all(ids.map(async (id) => stateOf(await getTask(hub, id))))
  const working = states.filter((state) => state === 'WORKING').length
  const ended = states.filter((state) => state === 'COMPLETED').length
  assert.equal(working + ended, ids.length, `other states: ${[...new Set(states)].join(', ')}`)
  await until('those under way are followed again', () => agent.looked.size >= working, 60_000)
  rig.figure('all ended or followed again after ms', performance.now() - started, 5000)
}

async function expectRecorded(hub: Hub, acked: readonly { number: number; id: string }[]): Promise<void> {
  const recorded = await recordedTasks(hub)
  const missing = acked.filter(({ id }) => !recorded.has(id))
  assert.equal(missing.length, 0, `${missing.length} acknowledged tasks are in no activity record`)
}

/** What got no answer is sent again under its id: it is taken at most once more, and what was acknowledged never. */
async function resend(hub: Hub, agent: A2aAgent, acked: AckLog): Promise<void> {
  const before = new Set(acked.read().map(({ number }) => `message-${number}`))
  await sendAll(hub, acked)
  assert.equal(acked.size, TASKS, 'all were acknowledged in the end')
  const repeated = await Promise.all(
    acked
      .read()
      .slice(0, 50)
      .map(async ({ number, id }) => (await sendOne(hub, number)) === id),
  )
  assert.ok(!repeated.includes(false), 'a message sent again became another task')
  for (const [messageId, times] of agent.taken) {
    assert.ok(times <= 2, `${messageId} was taken ${times} times`)
    assert.ok(times === 1 || !before.has(messageId), `${messageId} was acknowledged, and taken again`)
  }
}

async function haveEnded(hub: Hub, ids: readonly string[]): Promise<boolean> {
  const tasks = await Promise.all(ids.map((id) => getTask(hub, id)))
  return tasks.every((task) => stateOf(task) === 'COMPLETED')
}
