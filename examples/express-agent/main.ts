/** A planner with Express and the A2A SDK, which asks another agent for its callers. `node examples/express-agent/main.ts` */
import { AgentCard, Message } from '@a2a-js/sdk'
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore, type AgentExecutor } from '@a2a-js/sdk/server'
import { jsonRpcHandler } from '@a2a-js/sdk/server/express'
import { callerOf } from '@parley/sdk'
import { createAgent, textOf, userBuilder } from '@parley/sdk/agent'
import { protect, serveMetadata } from '@parley/sdk/express'
import express from 'express'
import { readAgentSettings } from '../agents/read-agent-settings.ts'

const { hub, port, url, name, credential, ask = 'weather' } = readAgentSettings(process.env, 'Planner')
const agent = createAgent({
  hub,
  url,
  ...(credential && { credential }),
  card: {
    name,
    description: 'Plans a day out.',
    version: '1.0.0',
    skills: [{ id: 'plan', name: 'Plan', description: 'Plans a day out by the weather', tags: ['plans'] }],
  },
})

const executor: AgentExecutor = {
  async execute({ context, userMessage, contextId }, bus) {
    const { parts } = Message.toJSON(userMessage) as { parts: { text?: string }[] }
    const place = parts.map(({ text = '' }) => text).join('')
    const other = agent.actAs(callerOf(context.user)).delegate({ agent: ask, limits: { calls: 3 } })
    const forecast = textOf(await other.send(`The weather in ${place}, please`))
    const plan = { messageId: crypto.randomUUID(), contextId, role: 'ROLE_AGENT' }
    bus.publish(
      AgentEvent.message(Message.fromJSON({ ...plan, parts: [{ text: `To ${place}: ${forecast}` }] })),
    )
  },
  cancelTask: async () => {},
}
const requestHandler = new DefaultRequestHandler(
  AgentCard.fromJSON(agent.card),
  new InMemoryTaskStore(),
  executor,
)

const app = express()
app.use(serveMetadata(agent))
app.use('/a2a', protect(agent), jsonRpcHandler({ requestHandler, userBuilder }))
app.listen(port, '127.0.0.1', () => console.log(`The planner is at ${url}`))
