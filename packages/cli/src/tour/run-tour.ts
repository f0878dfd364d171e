import { A2A_STEPS, type A2aJourney } from './a2a/a2a-steps.ts'
import { MCP_STEPS, type McpJourney } from './mcp/mcp-steps.ts'
import { takeSteps } from './take-steps.ts'
import type { ThrowAwayHub } from './throw-away-hub.ts'
import { TourPerson } from './tour-person.ts'
import type { TourStep, TourStory } from './tour-step.ts'

/** Takes the stories one after the other against `hub`, with the same person. */
export async function runTour(
  hub: ThrowAwayHub,
  stories: readonly TourStory[],
  onStep: (step: TourStep) => void,
): Promise<readonly TourStep[]> {
  await using stack = new AsyncDisposableStack()
  const ada = new TourPerson(hub.client.url)
  const taken: TourStep[] = []
  if (stories.includes('mcp')) {
    const journey: McpJourney = { hub, ada, app: hub.client, text: '' }
    taken.push(...(await takeSteps('mcp', { journey, steps: MCP_STEPS }, onStep)))
  }
  if (stories.includes('a2a')) {
    const journey = { hub, ada, stack, app: hub.client } as A2aJourney
    taken.push(...(await takeSteps('a2a', { journey, steps: A2A_STEPS }, onStep)))
  }
  return taken
}
