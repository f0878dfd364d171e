import assert from 'node:assert/strict'
import type { Face } from '../kit/face.ts'
import type { Reply } from '../kit/http.ts'
import { openRaw } from '../kit/raw-tcp.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import type { Rig } from '../run/rig.ts'
import { drawFuzzCases, type FuzzCase } from './fuzz-cases.ts'

const AT_ONCE = 24

/** D14: whatever is sent, the hub lives, never answers 5xx, and says what is wrong in the caller's own protocol. */
export const fuzzGroup: FaultGroup = {
  name: 'fuzz',
  runsAlone: true,
  cases: [
    {
      requirement: 'FUZZ',
      also: ['D14'],
      name: 'seeded requests over MCP of both eras, the API and raw HTTP',
      run: fuzz,
    },
  ],
}

async function fuzz(rig: Rig): Promise<void> {
  const total = rig.settings.isFull ? 200_000 : 24_000
  const faults = new Map<string, string>()
  const statuses = new Map<string, number>()
  const lag = watchLag(rig)
  const started = performance.now()
  let sent = 0
  try {
    for (let batch = 0; sent < total; batch += 1) {
      const seed = rig.settings.seed + batch
      const legacy = await rig.face('2025-11-25', '/mcp/servers/modern')
      const queue = drawFuzzCases(seed, 2000).entries()
      const worker = async (): Promise<void> => {
        for (const [index, fuzzed] of queue) {
          const { fault, status } = await tryCase(rig, fuzzed, legacy)
          sent += 1
          statuses.set(`${fuzzed.face} ${status}`, (statuses.get(`${fuzzed.face} ${status}`) ?? 0) + 1)
          if (fault)
            noteFault(faults, fault, `case ${index} of seed ${seed}: ${JSON.stringify(fuzzed).slice(0, 700)}`)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
      assert.ok(rig.hub.isAlive(), `the hub ended in the batch of seed ${seed}`)
      await legacy.close()
    }
  } finally {
    await lag.stop()
  }
  const seconds = (performance.now() - started) / 1000
  const table = [...statuses].sort().map(([key, count]) => `${key}: ${count}`)
  rig.note(`${sent} cases in ${seconds.toFixed(1)} s, ${Math.round(sent / seconds)}/s; ${table.join(', ')}`)
  assert.ok(
    faults.size === 0,
    `${faults.size} kinds of fault\n${[...faults.values()].slice(0, 8).join('\n')}`,
  )
  rig.figure('slowest health check meanwhile, ms', lag.slowest(), 200)
}

/** One example of each kind: faults that differ in ids and numbers alone are the same. */
function noteFault(faults: Map<string, string>, fault: string, example: string): void {
  const kind = fault
    .replace(/"id":("(?:[^"\\]|\\.)*"|[^,}]*)/g, '')
    .replace(/\d+/g, '')
    .slice(0, 120)
  if (!faults.has(kind)) faults.set(kind, `${fault}\n  ${example}`)
}

interface LagWatch {
  stop(): Promise<void>
  slowest(): number
}

/** Asks for health all the while; the slowest answer tells how long the event loop was held up. */
function watchLag(rig: Rig): LagWatch {
  const state = { isOver: false, slowest: 0 }
  const work = (async (): Promise<void> => {
    while (!state.isOver) {
      const reply = await rig.hub.send({ method: 'GET', path: '/healthz', anonymous: true })
      state.slowest = Math.max(state.slowest, reply.milliseconds)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })().catch(() => 'the hub is gone, which the run itself notices')
  return {
    slowest: () => state.slowest,
    stop: async () => {
      state.isOver = true
      await work
    },
  }
}

async function tryCase(
  ...[rig, fuzzed, legacy]: [Rig, FuzzCase, Face]
): Promise<{ fault: string | undefined; status: number }> {
  if (fuzzed.face === 'raw') return tryRaw(rig, fuzzed)
  const headers: string[] = [
    'accept',
    'application/json, text/event-stream',
    'content-type',
    'application/json',
  ]
  if (fuzzed.face === 'legacy')
    headers.push('mcp-session-id', legacy.session ?? '', 'mcp-protocol-version', '2025-11-25')
  const names = new Set(fuzzed.headers.map(([name]) => name))
  const kept = headers.flatMap((name, index) =>
    index % 2 === 0 && !names.has(name) ? [name, headers[index + 1] ?? ''] : [],
  )
  const path = fuzzed.face === 'legacy' && !fuzzed.path.endsWith('nobody') ? legacy.path : fuzzed.path
  const request = {
    method: fuzzed.method === 'DELETE' && fuzzed.face === 'legacy' ? 'POST' : fuzzed.method,
    path,
    headers: [...kept, ...fuzzed.headers.flat()],
    ...(fuzzed.method === 'GET' || fuzzed.method === 'HEAD' ? {} : { body: fuzzed.body }),
  }
  try {
    const reply = await rig.hub.send({ ...request, timeoutMs: 10_000 })
    return { fault: judge(fuzzed, reply), status: reply.status }
  } catch (error) {
    return { fault: `no reply: ${(error as Error).message}`, status: 0 }
  }
}

function judge(fuzzed: FuzzCase, reply: Reply): string | undefined {
  const seen = `${reply.status} ${reply.text.slice(0, 300)}`
  if (reply.status >= 500) return `5xx: ${seen}`
  if (/\n\s+at |node:internal|undici|SQLITE/.test(reply.text)) return `internals in the answer: ${seen}`
  if (fuzzed.method === 'HEAD' || reply.status === 202 || reply.status === 204) return undefined
  if (reply.status >= 400) return isErrorShape(reply, fuzzed.face) ? undefined : `no valid error: ${seen}`
  if (fuzzed.face === 'api') return reply.json ? undefined : `no JSON: ${seen}`
  return reply.answer?.['jsonrpc'] === '2.0' ? undefined : `no JSON-RPC answer: ${seen}`
}

/** A JSON-RPC error on the MCP addresses, problem+json elsewhere; the listener's own refusals may be problems too. */
function isErrorShape(reply: Reply, face: FuzzCase['face']): boolean {
  const error = reply.json?.['error'] as { code?: unknown; message?: unknown } | undefined
  const isRpc =
    reply.json?.['jsonrpc'] === '2.0' &&
    Number.isSafeInteger(error?.code) &&
    typeof error?.message === 'string'
  const isProblem =
    String(reply.headers['content-type']).startsWith('application/problem+json') &&
    typeof reply.json?.['title'] === 'string'
  return face === 'api' ? isProblem : isRpc || (isProblem && reply.status !== 400)
}

async function tryRaw(rig: Rig, fuzzed: FuzzCase): Promise<{ fault: string | undefined; status: number }> {
  const connection = await openRaw(rig.hub.port)
  await connection.send(Buffer.from(fuzzed.body, 'latin1'))
  connection.socket.end()
  const isClosed = await connection.untilClosed(15_000)
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(connection.received())?.[1] ?? 0)
  connection.close()
  if (!isClosed) return { fault: 'the connection stayed open after its end', status }
  const isAllowed = status < 500 || status === 501 || status === 505
  return { fault: isAllowed ? undefined : `raw bytes answered ${status}`, status }
}
