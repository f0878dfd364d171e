import { modernCall } from '../load/requests.ts'
import { waitUntilRight } from '../load/wait-until-right.ts'
import { hubIsMissing, startHub } from '../systems/start-hub.ts'
import { startNodeSystem } from '../systems/start-node-system.ts'
import type { Leg } from '../systems/system.ts'
import { alternate } from './alternate.ts'
import type { Group, Settings } from './group.ts'
import { LEG, leg } from './group.ts'

const CONNECTIONS = 32

/**
 * A server made with the SDK, asked directly and through the hub. Here the server is the bottleneck: it has one core
 * for itself, the hub and the load share the other.
 */
export async function measureSdkUpstream(settings: Settings): Promise<Group> {
  const { cores } = settings
  await using sdk = await startNodeSystem('sdk-server.ts', cores.load)
  const missing = hubIsMissing(settings.hubEntry)
  const servers = { sdk: { url: `http://127.0.0.1:${sdk.port}/mcp` } }
  const hubOptions = { core: cores.server, entry: settings.hubEntry, servers }
  await using hub = missing ? undefined : await startHub(hubOptions)

  const legs: Leg[] = [leg(LEG.direct, sdk, modernCall({ path: '/mcp' }))]
  if (hub) {
    legs.push(leg(LEG.hub, hub, hub.modern({ path: '/mcp/servers/sdk' })))
    await waitUntilRight(hub.port, legs.at(-1)!.request)
  }
  return {
    title: `tools/call on a TypeScript SDK v2 server, ${CONNECTIONS} connections`,
    figures: await alternate(legs, { ...settings, connections: CONNECTIONS, loadCore: cores.server }),
    numbers: {},
    skipped: missing ? [missing] : [],
  }
}
