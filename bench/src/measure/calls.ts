import { waitUntilRight } from '../load/wait-until-right.ts'
import { modernCall } from '../load/requests.ts'
import { enrolAgent, type Enrolment } from '../systems/enrol-agent.ts'
import type { HubOptions } from '../systems/start-hub.ts'
import { hubIsMissing, startHub } from '../systems/start-hub.ts'
import { NGINX_HINT, startNginx } from '../systems/start-nginx.ts'
import { startNodeSystem } from '../systems/start-node-system.ts'
import type { Upstream } from '../systems/start-upstream.ts'
import { startUpstream } from '../systems/start-upstream.ts'
import type { Leg } from '../systems/system.ts'
import { alternate } from './alternate.ts'
import type { Group, Settings } from './group.ts'
import { LEG, leg } from './group.ts'

const CONNECTIONS = 64
/** Who calls with a token. */
export const CALLER: Enrolment = { name: 'caller', path: '/mcp/servers/cheap', capability: 'tool:cheap/*' }

/** `tools/call` with short messages: throughput, CPU for each call, latency of one connection. */
export async function measureCalls(settings: Settings): Promise<Group> {
  const { cores } = settings
  await using upstream = await startUpstream(cores.load)
  await using plain = await startNodeSystem('plain-proxy.ts', cores.server, { args: [String(upstream.port)] })
  await using nginx = await startNginx(cores.server, upstream.port)
  const missing = hubIsMissing(settings.hubEntry)
  await using hub = missing ? undefined : await startHub(callHub(settings, upstream))

  const request = modernCall({ path: upstream.path('modern') })
  const legs: Leg[] = [leg(LEG.plain, plain, request)]
  if (nginx) legs.push(leg(LEG.nginx, nginx, request))
  if (hub) {
    legs.push(leg(LEG.hub, hub, hub.modern({ path: '/mcp/servers/cheap' })))
    const { headers } = await (await enrolAgent(hub, CALLER)).giveAccess()
    legs.push(leg(LEG.hubToken, hub, hub.modern({ path: '/mcp/servers/cheap', headers })))
    legs.push(leg(LEG.hubMerged, hub, hub.modern({ path: '/mcp', toolName: 'cheap__echo' })))
    await waitUntilRight(hub.port, legs.at(-1)!.request)
    legs.push(leg(LEG.hubLegacy, hub, await hub.legacy({ path: '/mcp/servers/cheap-legacy' })))
  }
  const plan = { ...settings, connections: CONNECTIONS, loadCore: cores.load, single: true }
  return {
    title: 'tools/call, short messages, 64 connections',
    figures: await alternate(legs, plan),
    numbers: {},
    skipped: [nginx ? undefined : NGINX_HINT, missing].filter((reason) => reason !== undefined),
  }
}

/** The hub before the cheap upstream in both eras. */
export function callHub(settings: Settings, upstream: Upstream): HubOptions {
  const origin = `http://127.0.0.1:${upstream.port}`
  return {
    core: settings.cores.server,
    entry: settings.hubEntry,
    servers: {
      cheap: { url: origin + upstream.path('modern') },
      'cheap-legacy': { url: origin + upstream.path('legacy') },
    },
  }
}
