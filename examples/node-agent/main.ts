/** A weather agent with node:http and no other library, which can ask another for its callers. `node examples/node-agent/main.ts` */
import { createServer } from 'node:http'
import { callerOf, chainOf, HubError, type Caller } from '@parley/sdk'
import { createAgent, textOf } from '@parley/sdk/agent'
import { protect } from '@parley/sdk/node'
import { readAgentSettings } from '../agents/read-agent-settings.ts'

const { hub, port, url, name, credential, ask } = readAgentSettings(process.env, 'Weather')
const agent = createAgent({
  hub,
  url,
  ...(credential && { credential }),
  card: {
    name,
    description: 'Knows the weather.',
    version: '1.0.0',
    skills: [{ id: 'forecast', name: 'Forecast', description: 'The weather of a place', tags: ['weather'] }],
  },
  // Needs no scope beyond the token; the guard reads the body, and bounds it.
  skills: { forecast: [] },
})

async function forecast(caller: Caller): Promise<string> {
  const asked = `sunny, says weather to ${chainOf(caller).at(-1)}`
  if (ask === undefined) return asked
  const other = agent.actAs(caller).delegate({ agent: ask })
  return `${asked}; ${textOf(await other.send('And the way there?'))}`
}

createServer(
  protect(agent, async ({ auth, body }, response) => {
    const { id, method } = body as { id?: string | number; method?: string }
    const answer = (said: object) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ jsonrpc: '2.0', id: id ?? null, ...said }))
    }
    if (method !== 'SendMessage') return answer({ error: { code: -32_601, message: 'Only SendMessage.' } })
    try {
      const parts = [{ text: await forecast(callerOf(auth)) }]
      answer({ result: { message: { messageId: crypto.randomUUID(), role: 'ROLE_AGENT', parts } } })
    } catch (error) {
      const message = error instanceof HubError ? error.message : 'The weather cannot be told.'
      answer({ error: { code: -32_603, message } })
    }
  }),
).listen(port, '127.0.0.1', () => console.log(`The weather is at ${url}`))
