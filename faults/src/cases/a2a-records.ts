import type { Json } from '../evil/evil-state.ts'
import type { Hub } from '../kit/hub.ts'

/** Ids of the tasks that an activity record says were begun. */
export async function recordedTasks(hub: Hub): Promise<Set<string>> {
  const ids = new Set<string>()
  let before = ''
  for (;;) {
    const { json } = await hub.api('GET', `/api/activity${before}`)
    for (const record of (json?.['records'] ?? []) as Json[]) {
      if (record['action'] === 'task.create') ids.add(String(record['note']).split(' ')[0]!)
    }
    const next = json?.['next'] as number | null | undefined
    if (typeof next !== 'number') return ids
    before = `?before=${next}`
  }
}
