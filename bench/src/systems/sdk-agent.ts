/**
 * The yardstick of A2A: an agent as the reference SDK has it made, with express and its store in memory. The first word of
 * a message says what it does, as in `plain-agent.ts`. Prints its port when ready.
 */
import type { AddressInfo } from 'node:net'
import { AgentCard, Message, Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from '@a2a-js/sdk'
import type { AgentExecutor, ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server'
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server'
import { jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express'
import express from 'express'

type Ids = Pick<RequestContext, 'taskId' | 'contextId'>

class BenchExecutor implements AgentExecutor {
  readonly cancelTask = async (): Promise<void> => undefined

  readonly execute = async (context: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId, userMessage } = context
    const asked = Message.toJSON(userMessage) as { messageId: string; parts: { text: string }[] }
    const [word, count] = asked.parts[0]!.text.split(' ')
    if (word === 'message') {
      const text = {
        messageId: `answer-${asked.messageId}`,
        role: 'ROLE_AGENT',
        parts: [{ text: 'bench-ok' }],
      }
      return bus.publish(AgentEvent.message(Message.fromJSON({ ...text, contextId })))
    }
    const ids = { taskId, contextId }
    const status = { state: 'TASK_STATE_SUBMITTED', timestamp: new Date().toISOString() }
    bus.publish(AgentEvent.task(Task.fromJSON({ id: taskId, contextId, status, history: [asked] })))
    publishStatus(bus, ids, 'TASK_STATE_WORKING')
    const chunks = word === 'chunks' ? Number(count) : 1
    for (let at = 0; at < chunks; at += 1) publishChunk(bus, ids, { at, chunks })
    publishStatus(bus, ids, 'TASK_STATE_COMPLETED')
  }
}

function publishStatus(bus: ExecutionEventBus, ids: Ids, state: string): void {
  const status = { state, timestamp: new Date().toISOString() }
  bus.publish(AgentEvent.statusUpdate(TaskStatusUpdateEvent.fromJSON({ ...ids, status })))
}

function publishChunk(
  bus: ExecutionEventBus,
  ids: Ids,
  { at, chunks }: { at: number; chunks: number },
): void {
  const artifact = { artifactId: 'result', parts: [{ text: `bench-ok ${at} of the chunks` }] }
  const update = { ...ids, artifact, append: at > 0, lastChunk: at === chunks - 1 }
  bus.publish(AgentEvent.artifactUpdate(TaskArtifactUpdateEvent.fromJSON(update)))
}

const card = AgentCard.fromJSON({
  name: 'SDK agent',
  description: 'Answers at once.',
  version: '1.0.0',
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [],
  supportedInterfaces: [{ url: 'http://127.0.0.1/', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
})
const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), new BenchExecutor())
const app = express()
app.use(jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }))
const server = app.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
server.keepAliveTimeout = 0
process.on('SIGTERM', () => process.exit(0))
