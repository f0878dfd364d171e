import { expect, onTestFinished, test } from 'vitest'
import { say, startAgentHub, type AgentHub } from './start-agent-hub.ts'

async function open(options?: Parameters<typeof startAgentHub>[0]): Promise<AgentHub> {
  const opened = await startAgentHub(options)
  onTestFinished(() => opened[Symbol.asyncDispose]())
  return opened
}

const INPUT = 'TASK_STATE_INPUT_REQUIRED'

test('§11.7: a stream ends where its task asks something back, and that of the answer ends with the task', async () => {
  const { stream, rpc } = await open()
  const asked = await stream('SendStreamingMessage', say('ask'))
  expect(asked.at(-1).statusUpdate.status.state).toBe(INPUT)
  const { id } = asked[0].task
  const answered = await stream('SendStreamingMessage', say('chunks 2', { taskId: id }))
  const texts = answered.flatMap((event) => event.artifactUpdate?.artifact.parts[0].text ?? [])
  expect(texts).toEqual(['0', '1'])
  expect(answered.at(-1).statusUpdate.status.state).toBe('TASK_STATE_COMPLETED')
  const { result } = await rpc('GetTask', { id })
  expect(result.status.state).toBe('TASK_STATE_COMPLETED')
  expect(result.artifacts[0].parts.map((part: any) => part.text)).toEqual(['0', '1'])
})

test('§3.1.6: who subscribes to a task that asks hears what comes of the answer', async () => {
  const { stream, rpc } = await open()
  const { id } = (await stream('SendStreamingMessage', say('ask')))[0].task
  const followed = stream('SubscribeToTask', { id })
  await new Promise((resolve) => setTimeout(resolve, 200))
  await rpc('SendMessage', say('chunks 1', { taskId: id }))
  const events = await followed
  expect(events[0].task.status.state).toBe(INPUT)
  expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_COMPLETED')
})

test('0.3: a request without an id is answered with what is wrong with it', async () => {
  const { url, hub } = await open()
  const ask = async (body: object) => {
    const headers = { ...hub.headers, 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    return (await response.json()) as { id: unknown; error?: { code: number } }
  }
  expect(await ask({ jsonrpc: '2.0', method: 'message/ssend', params: {} })).toMatchObject({
    id: null,
    error: { code: -32601 },
  })
  expect((await ask({ jsonrpc: '2.0', method: 'message/send', params: {} })).error?.code).toBe(-32602)
  expect((await ask({ jsonrpc: '2.0', params: {} })).error?.code).toBe(-32600)
})
