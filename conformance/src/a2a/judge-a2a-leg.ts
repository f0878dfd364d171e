import type { Leg, LegRow } from '../leg.ts'
import { A2A_REQUIREMENTS } from './requirements.ts'
import type { A2aLeg } from './run-a2a-legs.ts'
import type { Outcome } from './run-suite.ts'
import { exceptionFor, exceptionsOf } from './sdk-exceptions.ts'

const titles: Readonly<Record<A2aLeg['subject'], string>> = {
  agent: 'A2A 1.0 and 0.3, three bindings: reference agent',
  hub: 'A2A 1.0 and 0.3, three bindings: reference agent behind the hub',
  'hub before plain': 'A2A 1.0 and 0.3, three bindings: an agent without streams and webhooks behind the hub',
}

/**
 * A row for each check. Everything must pass but listed exceptions, and these must fail; behind the hub each check must
 * also be passed wherever the agent passes it alone.
 */
export function judgeA2aLeg({ subject, outcomes }: A2aLeg, direct: readonly Outcome[] = []): Leg {
  const exceptions = exceptionsOf(subject)
  const rows = [...Map.groupBy(outcomes, ({ check }) => check)].map(([check, own]): LegRow => {
    const before = direct.filter((each) => each.check === check)
    const lost = before.filter(({ where, verdict }) => verdict === 'passed' && !isKept(own, where))
    const judged = own.map((outcome) => ({
      outcome,
      verdict: judge(outcome, exceptionFor(exceptions, outcome)?.reason),
    }))
    const worst = order.find((verdict) => judged.some((each) => each.verdict === verdict)) ?? 'not judged'
    const notes = judged.flatMap(({ outcome, verdict }) =>
      noteOf(outcome, verdict, exceptionFor(exceptions, outcome)?.reason),
    )
    return {
      scenario: `${check.says} (${check.proves.join(', ')})`,
      wanted: before.length > 0 ? marksOf(before) : 'only ✓',
      reached: marksOf(own),
      verdict: lost.length > 0 ? 'different' : worst,
      notes: [...new Set([...notes, ...lost.map(({ where }) => `${where}: not run behind the hub`)])],
    }
  })
  return { title: titles[subject], rows }
}

const order: readonly LegRow['verdict'][] = ['different', 'exception without need', 'excepted', 'equal']

function judge({ verdict, check }: Outcome, reason: string | undefined): LegRow['verdict'] {
  if (verdict === 'skipped') return 'not judged'
  if (verdict === 'passed')
    return reason === undefined || isOptional(check) ? 'equal' : 'exception without need'
  return reason === undefined ? 'different' : 'excepted'
}

/** What an agent may do it need not, so that an exception is never wrong. */
function isOptional({ proves }: Outcome['check']): boolean {
  return proves.every((id) => A2A_REQUIREMENTS.find((each) => each.id === id)?.level === 'MAY')
}

/** The hub has what an agent lacks: then there is nothing to refuse. */
function isKept(own: readonly Outcome[], where: Outcome['where']): boolean {
  const found = own.find((each) => each.where === where)
  return (
    found !== undefined && (found.verdict !== 'skipped' || found.saw.startsWith('needs an agent without'))
  )
}

function noteOf(outcome: Outcome, verdict: LegRow['verdict'], reason: string | undefined): string[] {
  if (verdict === 'excepted') return [reason ?? '']
  if (verdict === 'exception without need') return [`${outcome.where} passes`]
  return outcome.verdict === 'failed' ? [`${outcome.where}: ${outcome.saw}`] : []
}

function marksOf(outcomes: readonly Outcome[]): string {
  return outcomes.map(({ where, verdict }) => `${short[where]}${signs[verdict]}`).join(' ')
}

const short: Readonly<Record<Outcome['where'], string>> = {
  JSONRPC: 'J',
  'HTTP+JSON': 'H',
  GRPC: 'G',
  card: 'C',
}
const signs: Readonly<Record<Outcome['verdict'], string>> = { passed: '✓', failed: '✗', skipped: '–' }
