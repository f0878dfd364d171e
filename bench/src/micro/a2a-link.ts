/**
 * What the link to an agent costs by itself, against an agent that does nothing in a process of its own: calls and events
 * in a second, and the µs of CPU that each takes here. `node bench/src/micro/a2a-link.ts [seconds]`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createAgentLinks, type AgentLink } from '../../../packages/server/src/a2a-client/index.ts'
import { createEgress } from '../../../packages/server/src/egress/index.ts'
import { systemClock } from '../../../packages/server/src/lib/clock.ts'
import { systemRandom } from '../../../packages/server/src/lib/random.ts'
import { WriteBatch } from '../../../packages/server/src/lib/write-batch.ts'

const CALLERS = 64
const EVENTS = 50_000
const OPTIONS = { headers: { authorization: `Bearer ${'x'.repeat(600)}` }, timeoutMs: 30_000 }
const [seconds = 3] = process.argv.slice(2).map(Number)

const agent = spawn(process.execPath, [resolve(import.meta.dirname, 'plain-agent.ts')], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const [port] = (await once(agent.stdout, 'data')) as [Buffer]
const egress = createEgress({
  writes: new WriteBatch(),
  limits: {
    upstreamConnectTimeoutMs: 5000,
    upstreamTimeoutMs: 30_000,
    upstreamResponseBytes: 1_000_000,
    upstreamConnections: CALLERS,
    clientMetadataBytes: 10_240,
    webhookTimeoutMs: 5000,
  },
  ownListeners: () => [],
})
const url = `http://127.0.0.1:${Number(port)}/`
const links = createAgentLinks({ egress, clock: systemClock, random: systemRandom })
const link = links.open(
  { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
  { name: 'plain', allowance: egress.allow(url, 'bench') },
)

try {
  await measure('calls', () => callFor(link, 1000))
  await measure('calls', () => callFor(link, seconds * 1000))
  for (let round = 0; round < 3; round++) await measure('events', () => streamOnce(link))
} finally {
  await egress.close()
  agent.kill()
}

async function measure(what: string, work: () => Promise<number>): Promise<void> {
  const cpu = process.cpuUsage()
  const begun = performance.now()
  const count = await work()
  const ms = performance.now() - begun
  const { user, system } = process.cpuUsage(cpu)
  const perSecond = Math.round((count / ms) * 1000)
  console.log(`${count} ${what}: ${perSecond}/s, ${((user + system) / count).toFixed(2)} µs of CPU each`)
}

async function callFor(to: AgentLink, ms: number): Promise<number> {
  const until = performance.now() + ms
  let count = 0
  const caller = async (): Promise<void> => {
    while (performance.now() < until) {
      await to.call('SendMessage', message('hello, what is the weather like in Graz?'), OPTIONS)
      count++
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return count
}

function streamOnce(to: AgentLink): Promise<number> {
  let count = 0
  return new Promise((done, reject) => {
    to.stream(
      'SendStreamingMessage',
      message(String(EVENTS)),
      { onEvent: () => void count++, onEnd: () => done(count), onError: reject },
      OPTIONS,
    )
  })
}

function message(text: string): Record<string, unknown> {
  return { message: { messageId: 'm-0001', role: 'ROLE_USER', parts: [{ text }] } }
}
