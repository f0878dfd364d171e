import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { startA2aAgent } from '../evil/start-a2a-agent.ts'
import { agentIsReady, beginTask, withAgent } from '../kit/a2a.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import type { Rig } from '../run/rig.ts'
import { until } from './expectations.ts'

/** R2: what the kernel was asked for, in its order. */
export const a2aDurableGroup: FaultGroup = {
  name: 'a2a-durable',
  cases: [
    {
      requirement: 'R2',
      name: 'tasks of A2A: each is written, then synced, then answered',
      run: traceSends,
    },
  ],
}

/** Whether the kernel's log of a process can be had here. */
export function hasStrace(): boolean {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .some((directory) => existsSync(join(directory, 'strace')))
}

async function traceSends(rig: Rig): Promise<void> {
  const agent = await startA2aAgent()
  rig.defer(() => agent.close())
  const hub = await rig.ownHub({ config: withAgent(agent.url), timeoutMs: 60_000 })
  await until('the agent is known', () => agentIsReady(hub), 20_000)
  const directory = mkdtempSync(join(tmpdir(), 'parley-strace-'))
  rig.defer(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'trace')
  const calls = 'trace=write,writev,sendto,sendmsg,pwrite64,fdatasync,fsync'
  const argv = ['-f', '-y', '-s', '8000', '-e', calls, '-o', file, '-p', String(hub.pid)]
  const strace = spawn('strace', argv, { stdio: ['ignore', 'ignore', 'pipe'] })
  rig.defer(() => strace.kill('SIGKILL'))
  await once(strace.stderr, 'data')
  const sends = rig.settings.isFull ? 200 : 40
  const ids: string[] = []
  for (let number = 0; number < sends; number += 1) ids.push(await beginTask(hub, `traced-${number}`))
  strace.kill('SIGINT')
  await once(strace, 'exit')
  const lines = readFileSync(file, 'latin1').split('\n')
  const early = ids.filter((id) => !isInOrder(lines, id))
  assert.equal(early.length, 0, `${early.length} of ${sends} were answered before they were on disk`)
}

/** Written to the log of the database, that log synced, and only then sent to the client. */
function isInOrder(lines: readonly string[], id: string): boolean {
  const written = lines.findIndex(
    (line) => line.includes('pwrite64(') && line.includes('-wal>') && line.includes(id),
  )
  if (written < 0) return false
  const thread = lines[written]!.split(' ')[0]!
  const synced = lines.findIndex(
    (line, at) => at > written && line.startsWith(`${thread} `) && isSynced(line),
  )
  const answered = lines.findIndex((line) => isToSocket(line) && line.includes(id))
  return synced > written && answered > synced
}

function isSynced(line: string): boolean {
  return /f(?:data)?sync\(.*-wal>\) += 0|f(?:data)?sync resumed>\) += 0/.test(line)
}

function isToSocket(line: string): boolean {
  return /(?:write|writev|sendto|sendmsg)\(\d+<(?:socket|TCP)/.test(line)
}
