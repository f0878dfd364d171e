import { modernCall } from '../load/requests.ts'
import { waitUntilRight } from '../load/wait-until-right.ts'
import { hubIsMissing, startHub } from '../systems/start-hub.ts'
import { NGINX_HINT, startNginx } from '../systems/start-nginx.ts'
import { startNodeSystem } from '../systems/start-node-system.ts'
import { startUpstream } from '../systems/start-upstream.ts'
import type { Leg } from '../systems/system.ts'
import { alternate } from './alternate.ts'
import type { Group, Settings } from './group.ts'
import { LEG, leg } from './group.ts'

const CONNECTIONS = 32

/** `tools/call` whose arguments and result both have `kilobytes` of mixed JSON. */
export async function measureBodies(settings: Settings, kilobytes: number): Promise<Group> {
  const { cores } = settings
  const bodyBytes = kilobytes * 1024
  await using upstream = await startUpstream(cores.load)
  await using plain = await startNodeSystem('plain-proxy.ts', cores.server, { args: [String(upstream.port)] })
  await using nginx = await startNginx(cores.server, upstream.port)
  const missing = hubIsMissing(settings.hubEntry)
  const url = `http://127.0.0.1:${upstream.port}${upstream.path('modern', bodyBytes)}`
  const hubOptions = { core: cores.server, entry: settings.hubEntry, servers: { cheap: { url } } }
  await using hub = missing ? undefined : await startHub(hubOptions)

  const request = modernCall({ path: upstream.path('modern', bodyBytes), bodyBytes })
  const legs: Leg[] = [leg(LEG.plain, plain, request)]
  if (nginx) legs.push(leg(LEG.nginx, nginx, request))
  if (hub) {
    legs.push(leg(LEG.hub, hub, hub.modern({ path: '/mcp/servers/cheap', bodyBytes })))
    await waitUntilRight(hub.port, legs.at(-1)!.request)
  }
  return {
    title: `tools/call, ${kilobytes} KB of arguments and result, ${CONNECTIONS} connections`,
    figures: await alternate(legs, { ...settings, connections: CONNECTIONS, loadCore: cores.load }),
    numbers: {},
    skipped: [nginx ? undefined : NGINX_HINT, missing].filter((reason) => reason !== undefined),
  }
}
