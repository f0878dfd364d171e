import { hubIsMissing } from '../../systems/start-hub.ts'
import { openAgentHub, startAgent } from '../../systems/open-agent-hub.ts'
import { alternate } from '../alternate.ts'
import type { Group, Settings } from '../group.ts'
import { A2A_LEG, leg } from '../group.ts'
import { say } from './a2a-asked.ts'
import { timeStreams } from './time-streams.ts'

const STREAMS = 16
/** Of one stream among several. */
const CHUNKS = 200

/** Streams of artifact events, whose tasks the hub keeps: many short ones at a time, and a long one alone. */
export async function measureA2aStreams(settings: Settings): Promise<Group> {
  const title = `A2A streams of ${CHUNKS} artifact events, ${STREAMS} at a time, and one of 3,000`
  const missing = hubIsMissing(settings.hubEntry)
  if (missing) return { title, figures: [], numbers: {}, skipped: [missing] }
  const { cores } = settings
  await using sdk = await startAgent('sdk-agent.ts', cores.server)
  await using hub = await openAgentHub({ core: cores.server, entry: settings.hubEntry }, cores)
  const asked = say('SendStreamingMessage', `chunks ${CHUNKS}`)
  const plan = { ...settings, connections: STREAMS, loadCore: cores.load }
  const legs = [
    leg(A2A_LEG.sdkStreams, sdk, sdk.ask(asked)),
    leg(A2A_LEG.directStreams, hub.agent, hub.agent.ask(asked)),
    leg(A2A_LEG.hubStreams, hub, hub.ask(asked)),
  ]
  const figures = await alternate(legs, plan)
  const numbers = await timeStreams({ sdk, hub, agent: hub.agent }, settings.rounds)
  return { title, figures, numbers, skipped: [] }
}
