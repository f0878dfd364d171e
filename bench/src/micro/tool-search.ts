import { readQueries, readTools } from '../../../packages/server/src/tool-search/fixtures/labelled-tools.ts'
import { ToolIndex } from '../../../packages/server/src/tool-search/index.ts'
import { grantsOf } from '../../../packages/server/test/granting-hub.ts'
import { modernRequest, startScriptedUpstream } from '../../../packages/server/test/scripted-upstream.ts'
import { startTestHub, type TestHub } from '../../../packages/server/test/start-test-hub.ts'
import { least, median } from '../kit/statistics.ts'

/**
 * What 2,000 tools cost in CPU: a query of the index, and the list of `/mcp` over HTTP for an administrator and for a grant, once
 * it was written before. `node bench/src/micro/tool-search.ts`
 */
const TOOLS = 2000
const SERVERS = 4
const LISTS = 60

const known = readTools()
const catalog = Array.from({ length: TOOLS }, (_, at) => {
  const { name, description, inputSchema } = known[at % known.length]!
  return {
    name: at < known.length ? name : `${name}_${Math.floor(at / known.length)}`,
    description,
    inputSchema,
  }
})

const numbers = { ...queryTimes(), ...(await listTimes()) }
console.log(JSON.stringify(numbers, null, 2))

function queryTimes(): Record<string, number> {
  const index = new ToolIndex<number>()
  const started = cpuMs()
  for (const [at, tool] of catalog.entries()) index.add(at, { ...tool, server: `server-${at % SERVERS}` })
  const builtMs = cpuMs() - started
  const queries = [...readQueries('queries'), ...readQueries('held-out-queries')].map(({ query }) => query)
  for (const query of queries) index.search(query)
  const times = queries.map((query) => timeMs(() => void index.search(query)))
  return {
    'index of 2,000 tools, ms to build': builtMs,
    'query, median ms': median(times),
    'query, 95th percentile ms': times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)]!,
    'query, most ms': Math.max(...times),
  }
}

async function listTimes(): Promise<Record<string, number>> {
  await using hub = await startTestHub()
  const upstreams = await Promise.all(
    Array.from({ length: SERVERS }, (_, at) =>
      startScriptedUpstream(catalog.slice((at * TOOLS) / SERVERS, ((at + 1) * TOOLS) / SERVERS)),
    ),
  )
  for (const [at, { url }] of upstreams.entries())
    await hub.api('POST', '/api/servers', { name: `server-${String.fromCharCode(97 + at)}`, url })
  const { grant, token, as } = grantsOf(hub)
  const exact = catalog.slice(0, 1000).map(({ name }, at) => `tool:server-${at < 500 ? 'a' : 'b'}/${name}`)
  const holder = async (capabilities: readonly string[]) =>
    as(token(await grant(capabilities), { aud: `${hub.url}/mcp` }))
  const numbers: Record<string, number> = {}
  for (const [name, caller] of [
    ['administrator', hub],
    ['grant of patterns', await holder(['tool:*'])],
    ['grant of 1,000 names', await holder(exact)],
  ] as const) {
    const first = await listMs(caller)
    const times: number[] = []
    for (let at = 0; at < LISTS; at++) times.push((await listMs(caller)).ms)
    numbers[`list for ${name} (${first.tools} tools, ${first.bytes} bytes), first ms`] = first.ms
    numbers[`list for ${name}, least ms`] = least(times)
    numbers[`list for ${name}, median ms`] = median(times)
  }
  for (const upstream of upstreams) await upstream[Symbol.asyncDispose]()
  return numbers
}

/** Hub and client are one thread here: it is more than the hub alone takes. */
async function listMs(hub: TestHub): Promise<{ ms: number; bytes: number; tools: number }> {
  const { headers, body } = modernRequest('tools/list')
  const started = cpuMs()
  const response = await fetch(`${hub.url}/mcp`, {
    method: 'POST',
    headers: { ...hub.headers, ...headers },
    body: JSON.stringify(body),
  })
  const text = await response.arrayBuffer()
  const ms = cpuMs() - started
  const { result } = JSON.parse(Buffer.from(text).toString()) as { result: { tools: unknown[] } }
  return { ms, bytes: text.byteLength, tools: result.tools.length }
}

/** CPU time of this thread, so that a busy machine counts for less. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** Of so many runs, because the clock of a thread ticks in whole µs. */
function timeMs(run: () => void, runs = 20): number {
  const started = cpuMs()
  for (let at = 0; at < runs; at++) run()
  return (cpuMs() - started) / runs
}
