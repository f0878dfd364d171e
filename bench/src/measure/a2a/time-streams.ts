import { request } from 'node:http'
import { median } from '../../kit/statistics.ts'
import { ID_MARK, type RawRequest } from '../../load/requests.ts'
import type { AgentSystem } from '../../systems/open-agent-hub.ts'
import { say } from './a2a-asked.ts'

/** Artifact events of the one long stream. */
const CHUNKS = 3000
/** The SDK needs seconds for it. */
const SDK_ROUNDS = 1

/** How long one stream of 3,000 artifact events takes from its request to its end, with nothing else running. */
export async function timeStreams(
  systems: { readonly sdk: AgentSystem; readonly hub: AgentSystem; readonly agent: AgentSystem },
  rounds: number,
): Promise<Record<string, number>> {
  const asked = say('SendStreamingMessage', `chunks ${CHUNKS}`)
  const times = { sdk: [] as number[], hub: [] as number[], agent: [] as number[] }
  await timeStream(systems.hub, systems.hub.ask(asked))
  for (let round = 0; round < rounds; round += 1) {
    times.agent.push(await timeStream(systems.agent, systems.agent.ask(asked)))
    times.hub.push(await timeStream(systems.hub, systems.hub.ask(asked)))
    if (round < SDK_ROUNDS) times.sdk.push(await timeStream(systems.sdk, systems.sdk.ask(asked)))
  }
  return {
    'one stream of 3,000 artifact events, the plain agent alone, ms': median(times.agent),
    'one stream of 3,000 artifact events, through the hub, ms': median(times.hub),
    'one stream of 3,000 artifact events, SDK, ms': median(times.sdk),
  }
}

/** In ms. Throws where an event is missing. */
async function timeStream({ port }: AgentSystem, asked: RawRequest): Promise<number> {
  const id = String(Math.floor(Math.random() * 90_000_000) + 10_000_000)
  const [head = '', body = ''] = asked.bytes.toString().replaceAll(ID_MARK, id).split('\r\n\r\n')
  const [line = '', ...fields] = head.split('\r\n')
  const headers = Object.fromEntries(fields.map((field) => field.split(': ') as [string, string]))
  const from = performance.now()
  const chunks = await new Promise<Buffer[]>((resolve, reject) => {
    const sent = request({ port, method: 'POST', path: line.split(' ')[1], headers }, (response) => {
      const read: Buffer[] = []
      response.on('data', (chunk: Buffer) => read.push(chunk))
      response.on('end', () => resolve(read))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
  const took = performance.now() - from
  const artifacts = Buffer.concat(chunks).toString().split('"artifactUpdate"').length - 1
  if (artifacts !== CHUNKS) throw new Error(`${artifacts} of ${CHUNKS} artifact events came`)
  return took
}
