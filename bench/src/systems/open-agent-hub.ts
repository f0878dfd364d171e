import { setTimeout as sleep } from 'node:timers/promises'
import type { RawRequest } from '../load/requests.ts'
import { a2aCall } from '../load/requests.ts'
import type { Hub, HubOptions } from './start-hub.ts'
import { startHub } from './start-hub.ts'
import { startNodeSystem } from './start-node-system.ts'
import type { Cores, System } from './system.ts'

/** What an agent is asked, whichever one it is and whatever is before it. */
export interface Asking {
  readonly method: string
  readonly params: object
  /** What a right answer contains. */
  readonly marker?: string
}

export interface AgentSystem extends System {
  ask(asking: Asking): RawRequest
  /** One request, and the result of its answer. */
  call<result>(asking: Asking): Promise<result>
}

export interface AgentHub extends AgentSystem {
  readonly hub: Hub
  /** Asked directly. */
  readonly agent: AgentSystem
}

const NAME = 'cheap'
const PATH = `/a2a/agents/${NAME}`
/** Nothing here is to be refused for its number. */
const LIMITS = { agentTasks: 10_000_000, agentTasksPerOwner: 10_000_000 }

/** The hub on its core, with the plain agent behind it on the other. */
export async function openAgentHub(options: HubOptions, cores: Cores): Promise<AgentHub> {
  const agent = await startAgent('plain-agent.ts', cores.load)
  const hub = await startHub({ ...options, limits: { ...LIMITS, ...options.limits } })
  await addCard(hub, `http://127.0.0.1:${agent.port}`)
  const headers = { Host: new URL(hub.url).host, ...hub.administrator }
  return {
    ...asking(hub, PATH, headers),
    hub,
    agent,
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]()
      await agent[Symbol.asyncDispose]()
    },
  }
}

export async function startAgent(
  file: 'plain-agent.ts' | 'sdk-agent.ts',
  core: number,
): Promise<AgentSystem> {
  return asking(await startNodeSystem(file, core), '/', {})
}

function asking(system: System, path: string, headers: Readonly<Record<string, string>>): AgentSystem {
  return {
    pid: system.pid,
    port: system.port,
    ask: (one) => a2aCall({ path, headers }, one),
    call: (one) => callOnce(`http://127.0.0.1:${system.port}${path}`, headers, one),
    [Symbol.asyncDispose]: () => system[Symbol.asyncDispose](),
  }
}

async function callOnce<result>(
  url: string,
  headers: Readonly<Record<string, string>>,
  { method, params }: Asking,
): Promise<result> {
  const { Host: _, ...carried } = headers
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...carried, 'content-type': 'application/json', 'a2a-version': '1.0' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const { result, error } = (await response.json()) as { result?: result; error?: unknown }
  if (result === undefined) throw new Error(`${method}: ${JSON.stringify(error)}`)
  return result
}

async function addCard(hub: Hub, url: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const response = await fetch(`${hub.url}/api/cards`, {
      method: 'POST',
      headers: { ...hub.administrator, 'content-type': 'application/json' },
      body: JSON.stringify({ name: NAME, url }),
    })
    // A hub that starts again with its data knows it.
    if (response.ok || response.status === 409) return
    if (attempt === 10) throw new Error(`the agent was not taken: ${await response.text()}`)
    await sleep(500)
  }
}
