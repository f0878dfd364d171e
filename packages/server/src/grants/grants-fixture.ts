import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GrantId, GrantTerms, PersonId } from '@parley/contract'
import { onTestFinished } from 'vitest'
import { createActivity } from '../activity/index.ts'
import { ManualClock } from '../lib/manual-clock.ts'
import { createNewId, systemRandom } from '../lib/random.ts'
import { openStore, type Store } from '../store/index.ts'
import { createGrants, type Grants, type NewGrant } from './index.ts'

export const PERSON: PersonId = 'per_00000000000000000000000001'

export const KEEP_ENDED_MS = 90 * 86_400_000

export interface GrantsFixture {
  readonly grants: Grants
  readonly store: Store
  readonly clock: ManualClock
  /** What was announced as ended. */
  readonly ended: GrantId[]
  /** Closes and opens again, as after a kill: what memory held is gone. */
  reopen(): Promise<void>
  actions(): string[]
}

/** Real grants on a real database that is gone after the test. */
export async function openGrants(): Promise<GrantsFixture> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-grants-'))
  const clock = new ManualClock(1_000_000)
  const fixture = { clock, ended: [] as GrantId[], reopen, actions } as unknown as GrantsFixture
  const mutable = fixture as { grants: Grants; store: Store }
  await open()
  onTestFinished(async () => {
    await mutable.store[Symbol.asyncDispose]()
    rmSync(dataDir, { recursive: true, force: true })
  })
  return fixture

  async function open(): Promise<void> {
    const store = await openStore(dataDir)
    const activity = createActivity({ store, clock, mode: 'strict', onError: () => undefined })
    const statement = (id: GrantId) => ({
      sql: 'INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)',
      parameters: [`ended ${id}`, ''],
    })
    const announce = (ids: readonly GrantId[]) => void fixture.ended.push(...ids)
    mutable.store = store
    mutable.grants = createGrants({
      store,
      activity,
      clock,
      newId: createNewId(clock, systemRandom),
      keepEndedMs: KEEP_ENDED_MS,
      revocation: { statement, announce },
    })
  }

  async function reopen(): Promise<void> {
    await mutable.store[Symbol.asyncDispose]()
    await open()
  }

  function actions(): string[] {
    return mutable.store
      .all('SELECT record FROM activity ORDER BY seq')
      .map((row) => (JSON.parse(String(row['record'])) as { action: string }).action)
  }
}

export function terms(capabilities: GrantTerms['capabilities'], more: Partial<GrantTerms> = {}): GrantTerms {
  return {
    audiences: { 'http://localhost:4747/mcp': ['mcp'] },
    capabilities,
    limits: {},
    expiresAt: null,
    ...more,
  }
}

export function consent(given: GrantTerms): NewGrant {
  return {
    kind: 'consent',
    holder: { kind: 'app', id: 'app_00000000000000000000000001' },
    person: PERSON,
    parent: null,
    terms: given,
  }
}

export function delegation(parent: GrantId, given: GrantTerms): NewGrant {
  return {
    kind: 'delegation',
    holder: { kind: 'agent', id: 'agt_00000000000000000000000001' },
    person: PERSON,
    parent,
    terms: given,
  }
}
