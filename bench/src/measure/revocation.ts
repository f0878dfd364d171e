import { Pool } from 'undici'
import { least, median } from '../kit/statistics.ts'
import type { RawRequest } from '../load/requests.ts'
import { waitUntilRight } from '../load/wait-until-right.ts'
import { enrolAgent } from '../systems/enrol-agent.ts'
import { startHub, type Hub } from '../systems/start-hub.ts'
import { startUpstream } from '../systems/start-upstream.ts'
import { callHub } from './calls.ts'
import type { Settings } from './group.ts'

const REVOCATIONS = 200
const CALLERS = 4
const PATH = '/mcp/servers/cheap'
const MS = ', ms'

/**
 * From the moment an administrator's request to end a grant is sent until its token is refused, while callers go on and
 * on with it. A call that began after the revocation was answered must be refused, each one.
 */
export async function measureRevocation(settings: Settings): Promise<Record<string, number>> {
  await using upstream = await startUpstream(settings.cores.load)
  await using hub = await startHub(callHub(settings, upstream))
  await waitUntilRight(hub.port, hub.modern({ path: PATH }))
  const agent = await enrolAgent(hub, { name: 'cut-off', path: PATH, capability: 'tool:cheap/*' })
  const pool = new Pool(hub.url, { connections: CALLERS + 1 })
  const delaysMs: number[] = []
  try {
    for (let round = 0; round < REVOCATIONS; round += 1) {
      const { grant, headers } = await agent.giveAccess()
      delaysMs.push(await cutOff({ hub, pool, grant, request: hub.modern({ path: PATH, headers }) }))
    }
  } finally {
    await pool.close()
  }
  const sorted = delaysMs.toSorted((left, right) => left - right)
  return {
    [`revoked to refused, least${MS}`]: least(sorted),
    [`revoked to refused, median${MS}`]: median(sorted),
    [`revoked to refused, p99${MS}`]: sorted[Math.ceil(REVOCATIONS * 0.99) - 1]!,
  }
}

interface CutOff {
  readonly hub: Hub
  readonly pool: Pool
  readonly grant: string
  readonly request: RawRequest
}

/** The milliseconds until the last of the callers was refused. */
async function cutOff({ hub, pool, grant, request }: CutOff): Promise<number> {
  const call = callOf(request)
  if ((await send(pool, call)) !== 200) throw new Error('a token that is good was refused')
  let endedAt = Infinity
  const callers = Array.from({ length: CALLERS }, async () => {
    for (;;) {
      const beganAt = performance.now()
      // What is under way when its caller is cut off is broken off: nothing is known of it, and it is asked again.
      const status = await send(pool, call).catch(() => 'broken off' as const)
      if (status === 401) return performance.now()
      if (status === 'broken off' && beganAt <= endedAt) continue
      if (status !== 200 || beganAt > endedAt) throw new Error(`answered ${status} after the grant had ended`)
    }
  })
  const startedAt = performance.now()
  const revoke = { method: 'DELETE', path: `/api/grants/${grant}`, headers: hub.administrator } as const
  const [refusedAt] = await Promise.all([
    Promise.all(callers),
    send(pool, revoke).then((status) => {
      endedAt = performance.now()
      if (status !== 200) throw new Error(`the revocation was answered with ${status}`)
    }),
  ])
  return Math.max(...refusedAt) - startedAt
}

type Request = Parameters<Pool['request']>[0]

async function send(pool: Pool, request: Request): Promise<number> {
  const answer = await pool.request(request)
  await answer.body.dump()
  return answer.statusCode
}

/** The request of the load generator, for a client that counts its bytes itself. */
function callOf({ bytes }: RawRequest): Request {
  const [head = '', body = ''] = bytes.toString().replace('@@ID@@@@', '1').split('\r\n\r\n')
  const headers = head
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(': ', 2) as [string, string])
    .filter(([name]) => !/^(?:host|content-length)$/i.test(name))
  return { method: 'POST', path: PATH, headers: Object.fromEntries(headers), body }
}
