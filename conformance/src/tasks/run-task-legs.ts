import { fileURLToPath } from 'node:url'
import { startHub } from '../hub/start-hub.ts'
import { judgeAlone, type Leg } from '../leg.ts'
import { startUntilReady } from '../process/start-until-ready.ts'
import { runServerScenarios } from '../suite/run-server-scenarios.ts'
import { listScenarios } from '../suite/suite-command.ts'
import type { ScenarioCounts } from '../suite/scenario-counts.ts'

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url))

interface Upstream {
  readonly title: string
  readonly command: readonly string[]
  readonly exceptions: readonly { scenario: string; score: string; reason: string }[]
}

const upstreams: readonly Upstream[] = [
  {
    title: 'tasks of the hub, for a server of 2025-11-25 without any',
    command: [script('./serve-session-tools.ts')],
    exceptions: [],
  },
  {
    title: 'tasks of a server of 2025-11-25',
    command: [script('./serve-session-tools.ts'), '--own-tasks'],
    exceptions: [
      {
        scenario: 'tasks-mrtr-composition',
        score: '1✓ 1✗',
        reason:
          'Wants to be asked before there is a task. A 2025-11-25 server makes the task first, and asks within it (Tasks: Input Required Status).',
      },
    ],
  },
  {
    title: 'tasks of a server of 2026-07-28',
    command: [script('./serve-extension-tools.ts')],
    exceptions: [],
  },
]

/** The suite's tasks scenarios through a hub, in front of servers with and without tasks of their own. */
export async function runTaskLegs({ only }: { only?: string }): Promise<Leg[]> {
  const all = (await listScenarios('server', '2026-07-28')).filter((name) => name.startsWith('tasks-'))
  const scenarios = all.filter((name) => only === undefined || name === only)
  const legs: Leg[] = []
  for (const upstream of scenarios.length === 0 ? [] : upstreams) legs.push(await runLeg(upstream, scenarios))
  return legs
}

async function runLeg({ title, command, exceptions }: Upstream, scenarios: string[]): Promise<Leg> {
  const fixture = await startUntilReady([...command])
  try {
    const hub = await startHub({ tasks: { url: String(fixture.ready['url']) } })
    try {
      const reached: ScenarioCounts = new Map()
      const run = {
        url: hub.endpoint('tasks'),
        revision: '2026-07-28',
        credential: { origin: hub.url, key: hub.key },
      } as const
      for (const only of scenarios) {
        const counts = await runServerScenarios({ ...run, only })
        for (const [scenario, one] of counts) reached.set(scenario, one)
      }
      return judgeAlone(`2026-07-28: ${title}`, reached, { judgesTasks: true, exceptions })
    } finally {
      await hub.stop()
    }
  } finally {
    await fixture.stop()
  }
}
