import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from '../evil/evil-state.ts'
import { startTaskServer, type TaskServer } from '../evil/start-task-server.ts'
import { openFace, toolText, type Face } from '../kit/face.ts'
import type { Hub } from '../kit/hub.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { settle, type Rig } from '../run/rig.ts'
import { sleep, until } from './expectations.ts'

const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } }
const COUNT = 500
/** Servers take 256 calls at a time each. */
const WAITING = 240

/** R1 and R3: what becomes of tasks when the hub is killed. */
export const tasksGroup: FaultGroup = {
  name: 'tasks',
  cases: [
    {
      requirement: 'R1',
      also: ['R3'],
      name: `kill -9 with ${COUNT} tasks under way: none acknowledged is lost, and no work is begun twice`,
      run: (rig) => killTasks(rig, rig.settings.isFull ? 10 : 1),
    },
  ],
}

async function killTasks(rig: Rig, kills: number): Promise<void> {
  for (let round = 1; round <= kills; round += 1) {
    const server = await startTaskServer()
    const dataDir = mkdtempSync(join(tmpdir(), 'parley-tasks-'))
    try {
      await killOnce(rig, server, { dataDir, round })
    } finally {
      await server.close()
      rmSync(dataDir, { recursive: true, force: true })
    }
  }
}

async function killOnce(
  rig: Rig,
  server: TaskServer,
  { dataDir, round }: { dataDir: string; round: number },
): Promise<void> {
  const options = {
    config: { servers: { tasks: { url: server.url } }, limits: { requestsPerSecond: 100_000 } },
    dataDir,
    timeoutMs: 60_000,
  }
  const hub = await rig.ownHub(options)
  await settle(hub)
  const acked = new Map<string, number>()
  const begun = await beginAll(rig, hub, { acked, all: round % 2 === 1 })
  hub.child.kill('SIGKILL')
  await hub.exited
  await begun
  rig.note(`kill ${round}: ${acked.size} of ${COUNT} were acknowledged`)
  assert.ok(acked.size > 0, 'nothing was acknowledged before the kill')
  if (round % 2 === 1) assert.equal(acked.size, COUNT)

  const started = performance.now()
  const again = await rig.ownHub({ ...options, port: hub.port })
  rig.figure('ready after a kill, in ms', performance.now() - started, 2000)
  const face = await openFace(again, '2026-07-28', '/mcp/servers/tasks', { capabilities: TASKS })
  await settle(again)
  server.finish()
  const open = new Map(acked)
  const restarted = performance.now()
  await until('every task has ended', () => takeEnded(face, open), 60_000)
  rig.figure('all ended or followed on after ms', performance.now() - restarted, 5000)
  const twice = [...server.begun.values()].filter((times) => times > 1).length
  assert.equal(twice, 0, `${twice} pieces of work were begun twice`)
}

/** Sends all calls at once; resolves when it is time to kill. What it resolves with settles with the last of them. */
async function beginAll(
  rig: Rig,
  hub: Hub,
  { acked, all }: { acked: Map<string, number>; all: boolean },
): Promise<Promise<unknown>> {
  const face = await openFace(hub, '2026-07-28', '/mcp/servers/tasks', { capabilities: TASKS })
  const calls = Array.from({ length: COUNT }, async (_, number) => {
    const tool = number < WAITING ? 'wait' : 'job'
    const begin = () => face.call(tool, { number }, { timeoutMs: 30_000 }).catch(() => undefined)
    let reply = await begin()
    // The server has as many calls as it may have: it is tried again, as the answer says.
    while (reply?.status === 503) reply = await sleep(50).then(begin)
    const result = reply?.answer?.['result'] as Json | undefined
    if (result?.['resultType'] === 'task') acked.set(String(result['taskId']), number)
  })
  const enough = all ? COUNT : COUNT / 4 + rig.random.integer((COUNT * 3) / 4)
  await until(`${enough} tasks`, () => acked.size >= enough, 30_000)
  if (!all) await sleep(rig.random.integer(50))
  return Promise.all(calls)
}

/** Forgets those that have ended as they may; throws when one is lost, or ended otherwise. */
async function takeEnded(face: Face, open: Map<string, number>): Promise<boolean> {
  await Promise.all(
    [...open].map(async ([taskId, number]) => {
      const reply = await face.send(
        'tasks/get',
        { taskId },
        { headers: { 'mcp-name': taskId }, timeoutMs: 60_000 },
      )
      const task = reply.answer?.['result'] as Json | undefined
      assert.ok(task, `the task of ${number} is lost: ${reply.status} ${reply.text.slice(0, 300)}`)
      if (task['status'] === 'working') return
      open.delete(taskId)
      if (number < WAITING) expectReason(task)
      else
        assert.equal(textOf(task), `job ${number}`, `the task of ${number} came to ${JSON.stringify(task)}`)
    }),
  )
  return open.size === 0
}

function expectReason(task: Json): void {
  assert.equal(task['status'], 'failed', JSON.stringify(task))
  assert.match(String((task['error'] as Json)['message']), /was stopped while it ran this/)
}

function textOf(task: Json): string | undefined {
  return toolText({ answer: { result: task['result'] } } as never)
}
