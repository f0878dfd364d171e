import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestApp } from '../../../packages/server/test/oauth-app.ts'
import type { Json } from '../evil/evil-state.ts'
import type { Hub } from '../kit/hub.ts'
import { DESK_CONFIG, joinFirst, openDesk, type Person } from '../kit/people.ts'
import { settle, type Rig } from './rig.ts'

export interface IdentityHub {
  /** The hub that runs now. */
  readonly hub: Hub
  readonly app: TestApp
  /** The first administrator, signed in with two factors. */
  readonly ada: Person
  /** What an app calls the endpoint of the server `modern`. */
  readonly endpoint: string
  /** Kills the hub at once and starts it again: the same port, the same data, so the same issuer. */
  restart(env?: Readonly<Record<string, string>>): Promise<void>
}

/** So many requests of one client and one address are what the cases are made of. */
const WIDE_LIMITS = {
  requestsPerSecond: 100_000,
  tokensPerSecond: 100_000,
  tokenFailuresPerMinute: 1_000_000,
}

export interface IdentityOptions {
  readonly config?: Json
  readonly limits?: Json
  readonly env?: Readonly<Record<string, string>>
  readonly isClockMovable?: boolean
}

/** A hub of the case's own with one administrator, the apps `desk` and `other`, and the rig's server `modern`. */
export async function openIdentity(rig: Rig, options: IdentityOptions = {}): Promise<IdentityHub> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-faults-identity-'))
  rig.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const { limits, config, env, isClockMovable = false } = options
  const fixed = {
    dataDir,
    isClockMovable,
    config: {
      ...DESK_CONFIG,
      servers: { modern: { url: rig.modern.url } },
      limits: { ...WIDE_LIMITS, ...limits },
      ...config,
    },
  }
  let hub = await rig.ownHub({ ...fixed, ...(env ? { env } : {}) })
  const { port, url } = hub
  const ada = await joinFirst(hub)
  await settle(hub)
  return {
    get hub() {
      return hub
    },
    ada,
    app: await openDesk(hub),
    endpoint: `${url}/mcp/servers/modern`,
    async restart(newEnv = env ?? {}) {
      hub.child.kill('SIGKILL')
      await hub.exited
      hub = await rig.ownHub({ ...fixed, port, env: newEnv })
    },
  }
}
