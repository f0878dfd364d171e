import { SINGLE_INTERFACES } from '../agent/single-interface-cards.ts'
import type { SingleInterface } from '../agent/single-interface-cards.ts'
import { NotJudged } from '../checks/check.ts'
import { createSdkClient, SDK_CLIENTS } from '../clients.ts'
import type { SdkClient } from '../clients.ts'
import type { Subject } from '../subject.ts'
import type { WebhookListener } from '../webhook-listener.ts'
import { CLIENT_FEATURES } from './client-features.ts'
import type { ClientFeature } from './client-features.ts'

export interface A2aCell {
  readonly agent: SingleInterface
  /** The title of one of `SDK_CLIENTS`. */
  readonly client: string
  readonly feature: string
  readonly outcome: 'works' | 'fails' | 'absent'
  readonly why: string
}

const runAtOnce = 6
const cellLimitMs = 15_000

/**
 * Every published client at every agent of one interface, feature by feature. Directly, a client meets the agent of its
 * own binding and version alone; through the hub each meets each. `find` may say why there is no agent.
 */
export async function runA2aMatrix(
  find: (agent: SingleInterface) => Promise<Subject> | string,
  { webhooks, isDirect }: { webhooks: WebhookListener; isDirect: boolean },
): Promise<A2aCell[]> {
  const jobs: (() => Promise<A2aCell>)[] = []
  for (const agent of SINGLE_INTERFACES) {
    const found = find(agent)
    const subject = typeof found === 'string' ? found : await found
    for (const each of SDK_CLIENTS) {
      if (isDirect && (each.binding !== agent.binding || each.version !== agent.version)) continue
      const sdk = typeof subject === 'string' ? subject : await createSdkClient(subject, each)
      for (const feature of CLIENT_FEATURES)
        jobs.push(async () => ({
          agent,
          client: each.title,
          feature: feature.name,
          ...(await tryFeature(feature, sdk, webhooks)),
        }))
    }
  }
  const cells = Array.from<A2aCell>({ length: jobs.length })
  let next = 0
  await Promise.all(
    Array.from({ length: runAtOnce }, async () => {
      for (let index = next++; index < jobs.length; index = next++) cells[index] = await jobs[index]!()
    }),
  )
  return cells
}

async function tryFeature(
  feature: ClientFeature,
  sdk: SdkClient | string | undefined,
  webhooks: WebhookListener,
): Promise<Pick<A2aCell, 'outcome' | 'why'>> {
  if (sdk === undefined) return { outcome: 'fails', why: 'the card has no such interface' }
  if (typeof sdk === 'string') return { outcome: 'fails', why: sdk }
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${cellLimitMs} ms`)), cellLimitMs)
  })
  try {
    await Promise.race([feature.try(sdk, webhooks), limit])
    return { outcome: 'works', why: '' }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { outcome: error instanceof NotJudged ? 'absent' : 'fails', why }
  } finally {
    clearTimeout(timer)
  }
}
