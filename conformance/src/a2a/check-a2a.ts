import type { Leg, LegRow } from '../leg.ts'
import { keepPart } from '../matrix/page-file.ts'
import { setStage } from './hub/set-stage.ts'
import { judgeA2aLeg } from './judge-a2a-leg.ts'
import { formatA2aPart } from './matrix/a2a-page.ts'
import { runA2aMatrix } from './matrix/run-a2a-matrix.ts'
import type { A2aCell } from './matrix/run-a2a-matrix.ts'
import { runA2aLegs } from './run-a2a-legs.ts'
import { findSubject } from './subject.ts'
import { startWebhookListener } from './webhook-listener.ts'

export interface A2aOptions {
  readonly isDirectOnly: boolean
  /** A part of a check's name or a requirement; leaves clients and page alone. */
  readonly only: string | undefined
  /** Whether docs/compatibility.md is written instead of compared. */
  readonly mayWrite: boolean
}

/** The suite on the reference agents and through the hub, then published clients through the hub. */
export async function checkA2a({ isDirectOnly, only, mayWrite }: A2aOptions): Promise<Leg[]> {
  await using webhooks = await startWebhookListener()
  await using stage = await setStage({ webhooks, hasHub: !isDirectOnly })
  const runs = await runA2aLegs(stage, { webhooks, ...(only === undefined ? {} : { only }) })
  const direct = runs.find(({ subject }) => subject === 'agent')
  const legs = runs.map((run) => judgeA2aLeg(run, run.subject === 'hub' ? direct?.outcomes : []))
  if (isDirectOnly || only !== undefined) return legs
  const cells = await runA2aMatrix(
    ({ name }) => {
      const subject = stage.subjects[name]
      return subject === undefined
        ? `the hub refuses it: ${stage.refused[name]}`
        : findSubject(subject.cardUrl, subject)
    },
    { webhooks, isDirect: false },
  )
  const isKept = await keepPart('a2a', formatA2aPart(cells), mayWrite)
  return [...legs, judgeMatrix(cells, isKept)]
}

/** A row for each agent and client. */
function judgeMatrix(cells: readonly A2aCell[], isPageRight: boolean): Leg {
  const pairs = Map.groupBy(cells, ({ agent, client }) => `${client} → ${agent.binding} ${agent.version}`)
  const rows = [...pairs].map(([pair, own]): LegRow => {
    const failed = own.filter(({ outcome }) => outcome === 'fails')
    return {
      scenario: pair,
      wanted: `${own.length}`,
      reached: `${own.length - failed.length}`,
      verdict: failed.length === 0 ? 'equal' : 'different',
      notes: failed.map(({ feature, why }) => `${feature}: ${why}`),
    }
  })
  const page: LegRow = {
    scenario: 'docs/compatibility.md says the same',
    wanted: 'yes',
    reached: isPageRight ? 'yes' : 'no',
    verdict: isPageRight ? 'equal' : 'different',
    notes: ['--a2a --write brings it up to date'],
  }
  return { title: 'A2A clients of @a2a-js/sdk through the hub: client → agent', rows: [...rows, page] }
}
