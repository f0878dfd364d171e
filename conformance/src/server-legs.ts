import { crossEraExceptions } from './cross-era-expectations.ts'
import type { CrossEraException } from './cross-era-expectations.ts'
import { startHub } from './hub/start-hub.ts'
import { compareLeg, judgeAlone } from './leg.ts'
import type { Leg } from './leg.ts'
import { startFixture } from './process/start-fixture.ts'
import type { ServedEras } from './fixture/era.ts'
import { runServerScenarios } from './suite/run-server-scenarios.ts'
import type { ScenarioCounts } from './suite/scenario-counts.ts'
import type { Revision } from './suite/suite-command.ts'

const revisions: Revision[] = ['2025-11-25', '2026-07-28']

export type ResultByRevision = Record<Revision, ScenarioCounts>
export interface Selection {
  only?: string
}

/** The fixture alone: what every other leg is compared with, and itself free of failures. */
export async function runDirectLegs(
  selection: Selection,
): Promise<{ legs: Leg[]; results: ResultByRevision }> {
  const fixture = await startFixture('both')
  try {
    const results: ResultByRevision = { '2025-11-25': new Map(), '2026-07-28': new Map() }
    for (const revision of revisions) {
      results[revision] = await runServerScenarios({ url: fixture.url, revision, ...selection })
    }
    const legs = revisions.map((revision) => judgeAlone(`${revision}: fixture, directly`, results[revision]))
    return { legs, results }
  } finally {
    await fixture.stop()
  }
}

/**
 * The fixture behind a hub: once in the client's era only, where everything must be equal, and once in both, where
 * the hub chooses what it speaks to the upstream.
 */
export async function runHubLegs(wanted: ResultByRevision, selection: Selection): Promise<Leg[]> {
  const legs: Leg[] = []
  for (const revision of revisions) {
    const own = await runBehindHub(revision === '2025-11-25' ? 'legacy' : 'modern', revision, selection)
    legs.push(compareLeg(`${revision}: through the hub`, { wanted: wanted[revision], reached: own }))
    const both = await runBehindHub('both', revision, selection)
    const compared = {
      wanted: wanted[revision],
      reached: both,
      exceptions: exceptionsFor(revision),
      mayMatchAnyway: true,
    }
    legs.push(compareLeg(`${revision}: through the hub, upstream of both eras`, compared))
  }
  return legs
}

/** The fixture in one era only, the client in the other. */
export async function runCrossEraLegs(wanted: ResultByRevision, selection: Selection): Promise<Leg[]> {
  const legs: Leg[] = []
  for (const revision of revisions) {
    const upstream = revision === '2025-11-25' ? 'modern' : 'legacy'
    const reached = await runBehindHub(upstream, revision, selection)
    const title = `${revision}: through the hub, across eras (upstream ${upstream} only)`
    legs.push(compareLeg(title, { wanted: wanted[revision], reached, exceptions: exceptionsFor(revision) }))
  }
  return legs
}

async function runBehindHub(
  eras: ServedEras,
  revision: Revision,
  selection: Selection,
): Promise<ScenarioCounts> {
  const fixture = await startFixture(eras)
  try {
    const hub = await startHub({ everything: { url: fixture.url } })
    try {
      const credential = { origin: hub.url, key: hub.key }
      return await runServerScenarios({ url: hub.endpoint('everything'), revision, credential, ...selection })
    } finally {
      await hub.stop()
    }
  } finally {
    await fixture.stop()
  }
}

function exceptionsFor(revision: Revision): CrossEraException[] {
  return crossEraExceptions.filter(({ clientRevision }) => clientRevision === revision)
}
