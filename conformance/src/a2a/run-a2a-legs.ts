import { VARIANTS } from './agent/agent-cards.ts'
import type { Variant } from './agent/agent-cards.ts'
import type { Stage } from './hub/set-stage.ts'
import { runSuite } from './run-suite.ts'
import type { Outcome, SuiteOptions } from './run-suite.ts'
import { findSubject } from './subject.ts'

export interface A2aLeg {
  readonly subject: 'agent' | 'hub' | 'hub before plain'
  readonly outcomes: readonly Outcome[]
}

/** The suite against the reference agents directly, then, where the stage has one, with the hub in front of them. */
export async function runA2aLegs(stage: Stage, suite: SuiteOptions): Promise<A2aLeg[]> {
  const direct = await runVariants(suite, (variant) => findSubject(stage.cardUrls[variant]!))
  const legs: A2aLeg[] = [{ subject: 'agent', outcomes: direct }]
  if (Object.keys(stage.subjects).length === 0) return legs
  const find = (variant: Variant) => {
    const subject = stage.subjects[variant]
    if (subject === undefined) throw new Error(`The hub refuses ${variant}: ${stage.refused[variant]}`)
    return findSubject(subject.cardUrl, subject)
  }
  legs.push({ subject: 'hub', outcomes: await runVariants(suite, find) })
  // What the agent lacks the hub does.
  legs.push({ subject: 'hub before plain', outcomes: await runSuite(await find('plain'), suite) })
  return legs
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
