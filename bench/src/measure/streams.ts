import { modernCall } from '../load/requests.ts'
import { waitUntilRight } from '../load/wait-until-right.ts'
import { hubIsMissing, startHub } from '../systems/start-hub.ts'
import { NGINX_HINT, startNginx } from '../systems/start-nginx.ts'
import { startNodeSystem } from '../systems/start-node-system.ts'
import { startUpstream } from '../systems/start-upstream.ts'
import type { Leg } from '../systems/system.ts'
import { alternate } from './alternate.ts'
import { callHub } from './calls.ts'
import type { Group, Settings } from './group.ts'
import { LEG, leg } from './group.ts'

const STREAMS = 16

/** A call answered by 201 progress events and its result, on 16 streams at a time. */
export async function measureStreams(settings: Settings): Promise<Group> {
  const { cores } = settings
  await using upstream = await startUpstream(cores.load)
  await using plain = await startNodeSystem('plain-proxy.ts', cores.server, { args: [String(upstream.port)] })
  await using nginx = await startNginx(cores.server, upstream.port)
  const missing = hubIsMissing(settings.hubEntry)
  await using hub = missing ? undefined : await startHub(callHub(settings, upstream))

  const request = modernCall({ path: upstream.path('modern'), tool: 'stream' })
  const legs: Leg[] = [leg(LEG.plain, plain, request), leg(LEG.direct, upstream, request)]
  if (nginx) legs.push(leg(LEG.nginx, nginx, request))
  if (hub) {
    legs.push(leg(LEG.hub, hub, hub.modern({ path: '/mcp/servers/cheap', tool: 'stream' })))
    await waitUntilRight(hub.port, legs.at(-1)!.request)
  }
  return {
    title: `event streams, 202 events each, ${STREAMS} at a time`,
    figures: await alternate(legs, { ...settings, connections: STREAMS, loadCore: cores.load }),
    numbers: {},
    skipped: [nginx ? undefined : NGINX_HINT, missing].filter((reason) => reason !== undefined),
  }
}
