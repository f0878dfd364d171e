import { fileURLToPath } from 'node:url'
import type { ServedEras } from '../fixture/era.ts'
import { startUntilReady } from './start-until-ready.ts'

export const fixtureScript = fileURLToPath(new URL('../fixture/main.ts', import.meta.url))

export interface RunningFixture {
  url: string
  stop: () => Promise<void>
}

/** The fixture in a process of its own, over HTTP on a free port. */
export async function startFixture(eras: ServedEras, pageSize = 1000): Promise<RunningFixture> {
  const started = await startUntilReady([fixtureScript, '--era', eras, '--page-size', String(pageSize)])
  return { url: String(started.ready.url), stop: started.stop }
}
