import { fileURLToPath } from 'node:url'
import { startUntilReady } from '../process/start-until-ready.ts'
import type { ReadyProcess } from '../process/start-until-ready.ts'
import { VARIANTS } from './agent/agent-cards.ts'
import type { Variant } from './agent/agent-cards.ts'
import type { HubSubject } from './hub/serve-hub.ts'
import { runSuite } from './run-suite.ts'
import type { Outcome, SuiteOptions } from './run-suite.ts'
import { findSubject } from './subject.ts'
import { startWebhookListener } from './webhook-listener.ts'

const agentScript = fileURLToPath(new URL('sdk-agent.ts', import.meta.url))
const hubScript = fileURLToPath(new URL('hub/serve-hub.ts', import.meta.url))

export interface A2aLeg {
  readonly subject: 'agent' | 'hub'
  readonly outcomes: readonly Outcome[]
}

/** The suite against the reference agents directly, then with the hub in front of them. */
export async function runA2aLegs(options: { only?: string; isDirectOnly?: boolean } = {}): Promise<A2aLeg[]> {
  const { only, isDirectOnly = false } = options
  await using webhooks = await startWebhookListener()
  const suite: SuiteOptions = { webhooks, ...(only === undefined ? {} : { only }) }
  const agents = await startUntilReady([agentScript])
  let hub: ReadyProcess | undefined
  try {
    const cardUrls = Object.fromEntries(VARIANTS.map((variant) => [variant, String(agents.ready[variant])]))
    if (!isDirectOnly)
      hub = await startUntilReady([hubScript, JSON.stringify(cardUrls), new URL(webhooks.url('')).origin])
    const direct = await runVariants(suite, (variant) => findSubject(cardUrls[variant]!))
    const legs: A2aLeg[] = [{ subject: 'agent', outcomes: direct }]
    if (hub !== undefined) {
      const subjects = hub.ready['subjects'] as Record<Variant, HubSubject>
      const outcomes = await runVariants(suite, async (variant) =>
        findSubject(subjects[variant].cardUrl, subjects[variant]),
      )
      legs.push({ subject: 'hub', outcomes })
    }
    return legs
  } finally {
    await hub?.stop()
    await agents.stop()
  }
}

/** Every check against the agent that has everything; those that it gives no occasion for, against the others. */
async function runVariants(
  suite: SuiteOptions,
  find: (variant: Variant) => ReturnType<typeof findSubject>,
): Promise<Outcome[]> {
  let outcomes: Outcome[] = []
  for (const variant of VARIANTS) {
    const done = outcomes
    const isOpen = ({ check, where }: Pick<Outcome, 'check' | 'where'>) =>
      !done.some((each) => each.check === check && each.where === where && each.verdict !== 'skipped')
    const own = await runSuite(await find(variant), { ...suite, isWanted: isOpen })
    const replaced = own.filter(({ verdict }) => verdict !== 'skipped' || done.length === 0)
    outcomes = [
      ...done.filter(
        (each) => !replaced.some(({ check, where }) => check === each.check && where === each.where),
      ),
      ...replaced,
    ]
  }
  return outcomes
}
