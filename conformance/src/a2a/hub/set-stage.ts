import { fileURLToPath } from 'node:url'
import { startUntilReady } from '../../process/start-until-ready.ts'
import type { ReadyProcess } from '../../process/start-until-ready.ts'
import { VARIANTS } from '../agent/agent-cards.ts'
import { SINGLE_INTERFACES } from '../agent/single-interface-cards.ts'
import type { WebhookListener } from '../webhook-listener.ts'
import type { HubSubject } from './serve-hub.ts'

const agentScript = fileURLToPath(new URL('../sdk-agent.ts', import.meta.url))
const hubScript = fileURLToPath(new URL('serve-hub.ts', import.meta.url))

export interface Stage extends AsyncDisposable {
  /** By the names of `VARIANTS` and `SINGLE_INTERFACES`. */
  readonly cardUrls: Readonly<Record<string, string>>
  /** The same agents at the hub; empty without one. */
  readonly subjects: Readonly<Record<string, HubSubject>>
  /** Agents that the hub does not take, and what it says. */
  readonly refused: Readonly<Record<string, string>>
}

/** The reference agents in a process, and a hub before them in another. */
export async function setStage(parts: { webhooks: WebhookListener; hasHub: boolean }): Promise<Stage> {
  const agents = await startUntilReady([agentScript])
  const single = agents.ready['singleCardUrls'] as Record<string, string>
  const cardUrls = Object.fromEntries([
    ...VARIANTS.map((variant) => [variant, String(agents.ready[variant])]),
    ...SINGLE_INTERFACES.map(({ name }) => [name, single[name]]),
  ]) as Record<string, string>
  let hub: ReadyProcess | undefined
  try {
    const webhookOrigin = new URL(parts.webhooks.url('')).origin
    if (parts.hasHub) hub = await startUntilReady([hubScript, JSON.stringify(cardUrls), webhookOrigin])
  } catch (error) {
    await agents.stop()
    throw error
  }
  return {
    cardUrls,
    subjects: (hub?.ready['subjects'] ?? {}) as Record<string, HubSubject>,
    refused: (hub?.ready['refused'] ?? {}) as Record<string, string>,
    async [Symbol.asyncDispose]() {
      await hub?.stop()
      await agents.stop()
    },
  }
}
