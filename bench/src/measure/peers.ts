import { waitUntilRight } from '../load/wait-until-right.ts'
import { modernCall } from '../load/requests.ts'
import { hubIsMissing, startHub } from '../systems/start-hub.ts'
import { startNodeSystem } from '../systems/start-node-system.ts'
import { installPeers, startCivic, startMcpHub, startSupergateway } from '../systems/start-peers.ts'
import { startUpstream } from '../systems/start-upstream.ts'
import type { Leg } from '../systems/system.ts'
import { alternate } from './alternate.ts'
import { callHub } from './calls.ts'
import type { Group, Settings } from './group.ts'
import { LEG, leg } from './group.ts'

const CONNECTIONS = 64

/** The same call through other gateways from npm, without key or checks of any kind on their side. */
export async function measurePeers(settings: Settings): Promise<Group> {
  const { cores } = settings
  installPeers()
  await using stack = new AsyncDisposableStack()
  const upstream = stack.use(await startUpstream(cores.load))
  const plain = stack.use(
    await startNodeSystem('plain-proxy.ts', cores.server, { args: [String(upstream.port)] }),
  )
  const legs: Leg[] = [leg(LEG.plain, plain, modernCall({ path: upstream.path('modern') }))]
  const skipped: string[] = []

  const missing = hubIsMissing(settings.hubEntry)
  if (missing) skipped.push(missing)
  else {
    const options = callHub(settings, upstream)
    const stdio = { command: upstream.stdioCommand, args: ['--stdio'] }
    const hub = stack.use(await startHub({ ...options, servers: { ...options.servers, stdio } }))
    legs.push(leg(LEG.hub, hub, hub.modern({ path: '/mcp/servers/cheap' })))
    legs.push(leg(LEG.hubStdio, hub, hub.modern({ path: '/mcp/servers/stdio' })))
    for (const { request } of legs.slice(1)) await waitUntilRight(hub.port, request)
  }
  for (const start of [startMcpHub, startCivic, startSupergateway]) {
    try {
      const peer = await start(cores.server, upstream)
      stack.use(peer.system)
      legs.push(peer)
    } catch (error) {
      skipped.push(`${start.name}: ${String(error).slice(0, 300)}`)
    }
  }
  return {
    title: 'tools/call through other gateways from npm, 64 connections',
    figures: await alternate(legs, {
      ...settings,
      connections: CONNECTIONS,
      loadCore: cores.load,
      single: true,
    }),
    numbers: {},
    skipped,
  }
}
