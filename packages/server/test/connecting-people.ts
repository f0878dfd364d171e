import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { PersonId } from '@parley/contract'
import { DATABASE_FILE } from '../src/store/index.ts'
import { grantsOf } from './granting-hub.ts'
import type { TestHub } from './start-test-hub.ts'

/** A person with accounts and tokens, but without a browser. */
export interface ConnectingPerson {
  readonly id: PersonId
  /** The hub for an app of theirs. */
  readonly app: TestHub
  /** The management API in their name. */
  api(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>
}

/** People who may call the servers of a hub. */
export async function addPeople(
  hub: TestHub,
  count: number,
  servers: readonly string[] = ['one'],
): Promise<ConnectingPerson[]> {
  const ids = Array.from(
    { length: count },
    (_, at) => `per_01JPERS0N${String(at).padStart(17, '0')}` as PersonId,
  )
  const database = new DatabaseSync(join(hub.dataDir, DATABASE_FILE))
  const insert = database.prepare(
    "INSERT INTO people (id, email, name, roles, state, handle, created_at) VALUES (?, ?, 'x', '[\"member\"]', 'active', ?, 1)",
  )
  for (const id of ids) insert.run(id, `${id}@example.com`, randomBytes(16))
  database.close()
  return Promise.all(ids.map((id) => connecting(hub, id, servers)))
}

async function connecting(hub: TestHub, id: PersonId, servers: readonly string[]): Promise<ConnectingPerson> {
  const own = grantsOf(hub)
  const audiences = { [`${hub.url}/mcp`]: ['mcp'], [`${hub.url}/api`]: ['hub:manage'] }
  const capabilities = servers.map((server) => `tool:${server}/*`)
  const grant = await own.grant(capabilities, { person: id, audiences })
  const app = own.as(own.token(grant, { aud: `${hub.url}/mcp` }))
  const token = own.token(grant, { aud: `${hub.url}/api`, scope: 'hub:manage' })
  return {
    id,
    app,
    async api(method, path, body) {
      const response = await fetch(hub.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: await response.json() }
    },
  }
}
