import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskDetail, TaskState } from '@parley/contract'
import { HubError } from '@parley/sdk'
import type { AgentClient } from '@parley/sdk/agent'
import { CliError } from '../cli-error.ts'
import type { Answer, Given } from '../command.ts'
import { answerOf } from '../commands/send.ts'
import type { HubClient } from '../hub-client.ts'
import { Conversation, joinTask } from '../send/conversation.ts'
import { TaskScreen } from '../send/task-screen.ts'

const WATCH_MS = 1000
const FINAL: ReadonlySet<TaskState> = new Set(['completed', 'failed', 'cancelled', 'rejected'])

/** Follows a task to its end: live where an agent does it for whoever asks here, otherwise by how it stands. */
export async function watchTask(given: Given, hub: HubClient, path: string): Promise<Answer> {
  const { task } = (await hub.api('GET', path)) as TaskDetail
  const client = task.protocol === 'a2a' ? hub.agent(task.server) : undefined
  if (!client || !(await isOwn(client, task.id))) return poll(given, hub, path)
  const watching = new Conversation(
    { given, client, screen: new TaskScreen(given, undefined), isOwn: false },
    task.id,
  )
  const ending = await watching.run(joinTask(client, task.id, watching.leaving))
  return answerOf(ending, given, { url: client.url, taskId: task.id })
}

/** What a task makes is told to the caller that began it alone. */
async function isOwn(client: AgentClient, id: string): Promise<boolean> {
  try {
    await client.getTask(id)
    return true
  } catch (error) {
    // Another's task, another's token, or no sign-in for agents: the API still says how it stands.
    if (error instanceof HubError || error instanceof CliError) return false
    throw error
  }
}

async function poll(given: Given, hub: HubClient, path: string): Promise<Answer> {
  const left = new AbortController()
  const stop = given.onInterrupt(() => left.abort())
  let told = 0
  try {
    while (!left.signal.aborted) {
      const detail = (await hub.api('GET', path)) as TaskDetail
      for (const { seq, at, state, message } of detail.events) {
        if (seq > told) given.tell(`${new Date(at).toISOString()}  ${state}  ${message ?? ''}`.trimEnd())
        told = Math.max(told, seq)
      }
      const { id, state } = detail.task
      if (FINAL.has(state)) return { value: detail, text: `${id}  ${state}`, ok: state === 'completed' }
      await sleep(WATCH_MS, undefined, { signal: left.signal }).catch(() => undefined)
    }
    return { value: null, text: '', isTold: true, exitCode: 130 }
  } finally {
    stop()
  }
}
