import { hubIsMissing } from '../../systems/start-hub.ts'
import type { AgentSystem, Asking } from '../../systems/open-agent-hub.ts'
import { openAgentHub, startAgent } from '../../systems/open-agent-hub.ts'
import { alternate } from '../alternate.ts'
import type { Group, Settings } from '../group.ts'
import { A2A_LEG, leg } from '../group.ts'
import { say, sayOnce } from './a2a-asked.ts'

const CONNECTIONS = 32
const WARM_UP_REQUESTS = 10_000

/** Requests that are answered once: each through the hub, and by an agent of the reference SDK with its store in memory. */
export async function measureA2aCalls(settings: Settings): Promise<Group> {
  const title = `A2A over JSON-RPC, ${CONNECTIONS} connections, beside @a2a-js/sdk`
  const missing = hubIsMissing(settings.hubEntry)
  if (missing) return { title, figures: [], numbers: {}, skipped: [missing] }
  const { cores } = settings
  await using sdk = await startAgent('sdk-agent.ts', cores.server)
  await using hub = await openAgentHub({ core: cores.server, entry: settings.hubEntry }, cores)
  const plan = {
    ...settings,
    connections: CONNECTIONS,
    loadCore: cores.load,
    warmUpRequests: WARM_UP_REQUESTS,
  }
  const beside = async (names: readonly [string, string], ofSdk: Asking, ofHub = ofSdk) =>
    alternate([leg(names[0], sdk, sdk.ask(ofSdk)), leg(names[1], hub, hub.ask(ofHub))], plan)
  const figures = [
    ...(await beside([A2A_LEG.sdkMessage, A2A_LEG.hubMessage], say('SendMessage', 'message'))),
    ...(await beside([A2A_LEG.sdkTask, A2A_LEG.hubTask], say('SendMessage', 'task'))),
    ...(await beside([A2A_LEG.sdkGet, A2A_LEG.hubGet], await getOf(sdk), await getOf(hub))),
  ]
  return { title, figures, numbers: {}, skipped: [] }
}

async function getOf(system: AgentSystem): Promise<Asking> {
  const { task } = await system.call<{ task: { id: string } }>(sayOnce('task'))
  return { method: 'GetTask', params: { id: task.id } }
}
