/**
 * What the lane's client costs for each call, against undici in the same proxy; then what the ways of writing a small
 * answer cost. `node bench/src/micro/lane-client.ts [rounds] [seconds]`.
 */
import { modernCall } from '../load/requests.ts'
import { alternate } from '../measure/alternate.ts'
import { startNodeSystem } from '../systems/start-node-system.ts'
import { startUpstream } from '../systems/start-upstream.ts'
import { formatGroup } from '../report/print.ts'

const CONNECTIONS = 64
const CORES = { server: 0, load: 1 }
const [rounds = 5, seconds = 2] = process.argv.slice(2).map(Number)

for (const kilobytes of [0, 10, 100]) {
  await compare(`${kilobytes} KB, by client`, kilobytes, [
    ['undici', 'buffer'],
    ['lane', 'buffer'],
  ])
}
await compare('short messages, by way of answering', 0, [
  ['lane', 'buffer'],
  ['lane', 'string'],
  ['lane', 'object'],
])

async function compare(title: string, kilobytes: number, variants: readonly [string, string][]) {
  await using upstream = await startUpstream(CORES.load)
  await using stack = new AsyncDisposableStack()
  const bodyBytes = kilobytes * 1024
  const request = modernCall({ path: upstream.path('modern', bodyBytes), bodyBytes })
  const legs = []
  for (const variant of variants) {
    const args = [String(upstream.port), ...variant]
    const system = stack.use(await startNodeSystem('../micro/small-proxy.ts', CORES.server, { args }))
    legs.push({ name: variant.join(', '), system, request })
  }
  const figures = await alternate(legs, { rounds, seconds, connections: CONNECTIONS, loadCore: CORES.load })
  console.log(`${formatGroup({ title, figures, numbers: {}, skipped: [] })}\n`)
}
