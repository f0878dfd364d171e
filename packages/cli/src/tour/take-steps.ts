import { setTimeout as wait } from 'node:timers/promises'
import type { HubClient } from '../hub-client.ts'
import type { TourFact, TourStep, TourStory } from './tour-step.ts'

export interface Step<journey> {
  readonly name: string
  readonly why: string
  take(journey: journey): Promise<TourFact[]>
}

const RECORDS_LIMIT_MS = 30_000
const POLL_MS = 50

/** Takes the steps of a story for real, in their order; `onStep` is told after each. A step that goes wrong is told, not thrown. */
export async function takeSteps<journey>(
  story: TourStory,
  { journey, steps }: { readonly journey: journey; readonly steps: readonly Step<journey>[] },
  onStep: (step: TourStep) => void,
): Promise<readonly TourStep[]> {
  const taken: TourStep[] = []
  for (const [index, { name, why, take }] of steps.entries()) {
    const step = { story, step: index + 1, name, why, facts: await take(journey) }
    taken.push(step)
    onStep(step)
  }
  return taken
}

/** Records of plain calls are written within 50 ms, so they are looked for again until there are as many. Oldest first. */
export async function recordsOf(
  client: HubClient,
  face: TourStory,
  count: number,
): Promise<Record<string, unknown>[]> {
  const deadline = performance.now() + RECORDS_LIMIT_MS
  for (;;) {
    const { records } = (await client.api('GET', '/api/activity')) as { records: Record<string, unknown>[] }
    const calls = records.filter((record) => record['face'] === face).reverse()
    if (calls.length >= count || performance.now() > deadline) return calls
    await wait(POLL_MS)
  }
}

export function firstLine(text: string): string {
  return text.trim().split('\n')[0]!.slice(0, 160)
}
