import { expect, test } from 'vitest'
import { A2A_VERSIONS, BINDINGS, type A2aVersion, type Binding } from '../src/a2a/index.ts'
import { say, startAgentHub } from './start-agent-hub.ts'

/** One story with an agent that speaks this alone; what a client of the hub sees of it, without ids and times. */
async function tell(binding: Binding, version: A2aVersion): Promise<unknown[]> {
  await using opened = await startAgentHub({ agent: { bindings: [binding], versions: [version] } })
  const { rpc, stream, agent } = opened
  const seen: unknown[] = []
  const see = (value: unknown) => seen.push(withoutIds(value))

  see((await rpc('SendMessage', say('echo hello'))).result)
  const { result: done } = await rpc('SendMessage', say('chunks 3'))
  see(done)
  see((await rpc('GetTask', { id: done.task.id, historyLength: 0 })).result)
  see(await stream('SendStreamingMessage', say('chunks 5')))
  const parts = [
    { text: 'parts' },
    { data: { a: [1, 'two'] } },
    { url: 'https://example.com/a.png', mediaType: 'image/png' },
  ]
  see((await rpc('SendMessage', say('parts', { parts }))).result.task.artifacts)

  const { result: asked } = await rpc('SendMessage', say('ask'))
  see(asked.task.status)
  const { id: taskId, contextId } = asked.task
  see((await rpc('SendMessage', say('ask again', { taskId, contextId }))).result.task.status)
  for (const word of ['auth', 'fail', 'reject']) see((await rpc('SendMessage', say(word))).result.task.status)

  const waiting = { ...say('wait'), configuration: { returnImmediately: true } }
  const { id } = (await rpc('SendMessage', waiting)).result.task
  const reading = stream('SubscribeToTask', { id })
  await expect.poll(async () => (await rpc('GetTask', { id })).result.status.state).toBe('TASK_STATE_WORKING')
  see((await rpc('CancelTask', { id })).result.status.state)
  see(((await reading).at(-1).statusUpdate.status as { state: string }).state)
  expect(agent.executor.cancelled).toHaveLength(1)

  see((await rpc('CancelTask', { id: done.task.id })).error.code)
  see((await rpc('GetTask', { id: 'tsk_unknown' })).error.code)
  expect(agent.executor.received.filter((text) => text === 'chunks 3')).toHaveLength(1)
  return seen
}

/** Ids and times are of their own in each run; what is empty, or not so, may be left out (ProtoJSON). */
function withoutIds(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, member: unknown) =>
      /^(?:id|.*Id|timestamp)$/.test(key) ||
      member === '' ||
      member === false ||
      (key !== 'parts' && Array.isArray(member) && member.length === 0)
        ? undefined
        : member,
    ),
  )
}

const kinds = BINDINGS.flatMap((binding) => A2A_VERSIONS.map((version) => [binding, version] as const))

test('behind the hub an agent is the same whatever it speaks', { timeout: 60_000 }, async () => {
  const [first, ...others] = kinds
  const wanted = await tell(...first!)
  for (const kind of others) {
    expect(await tell(...kind), kind.join(' ')).toEqual(wanted)
  }
})
