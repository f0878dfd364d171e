import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, TOTP } from 'otpauth'
import { createActivity } from '../src/activity/index.ts'
import { ManualClock } from '../src/lib/manual-clock.ts'
import { createNewId, systemRandom } from '../src/lib/random.ts'
import { createPageKit } from '../src/pages/index.ts'
import { createPeople, type People, type PeopleLimits } from '../src/people/index.ts'
import type { Revocation } from '../src/revocations/index.ts'
import { createSealer } from '../src/sealing/index.ts'
import { openStore, type Store } from '../src/store/index.ts'
import { PageClient } from './page-client.ts'
import { SoftwareAuthenticator } from './software-authenticator.ts'

export const BY = { subject: 'test', chain: [] }
export const PASSWORD = 'seven quiet herons'

export interface TestPeople extends AsyncDisposable {
  readonly origin: string
  readonly people: People
  readonly store: Store
  readonly clock: ManualClock
  readonly revoked: Revocation[]
  readonly errors: unknown[]
  client(): PageClient
  /** Someone who joined by invitation, with password and authenticator app; signed in. */
  join(email: string, roles?: readonly ('admin' | 'member')[]): Promise<Joined>
  /** The first administrator, with a passkey; signed in. */
  setUp(email?: string): Promise<{ client: PageClient; device: SoftwareAuthenticator }>
}

export interface Joined {
  readonly client: PageClient
  readonly recoveryCodes: string[]
  code(): string
}

/** The rooms of accounts and pages over HTTP, with a clock that is moved by hand. */
export async function startPeople(
  options: { trustedProxy?: boolean; publicOrigin?: string; limits?: Partial<PeopleLimits> } = {},
): Promise<TestPeople> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-people-'))
  const store = await openStore(dataDir)
  const clock = new ManualClock(Date.UTC(2026, 10, 25, 12))
  const errors: unknown[] = []
  const onError = (error: unknown) => void errors.push(error)
  const activity = createActivity({ store, clock, mode: 'queued', onError })
  const sealer = createSealer(systemRandom.bytes(32), systemRandom)
  const server = createServer((request, response) => {
    const path = request.url!.split('?')[0]!
    people.handlers[path.split('/')[1]!]!(request, response, path)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const revoked: Revocation[] = []
  const people = createPeople({
    store,
    activity,
    clock,
    random: systemRandom,
    newId: createNewId(clock, systemRandom),
    sealer,
    pages: createPageKit({
      origin: () => options.publicOrigin ?? origin,
      key: sealer.derive('forms'),
      random: systemRandom,
    }),
    revocations: {
      statement: () => ({ sql: 'SELECT 1', parameters: [] }),
      announce: (revocations) => void revoked.push(...revocations),
    },
    countActing: () => 0,
    hasConnections: false,
    trustedProxy: options.trustedProxy ?? false,
    limits: { people: 100, groups: 100, invitations: 100, ...options.limits },
    onError,
  })
  const client = () => new PageClient(origin)
  return {
    origin,
    people,
    store,
    clock,
    revoked,
    errors,
    client,
    join: (email, roles = ['member']) => join_(people, { client: client(), email, roles, clock }),
    async setUp(email = 'ada@example.com') {
      const visitor = client()
      const path = new URL((await people.openSetup())!).pathname
      await visitor.get(path)
      const device = new SoftwareAuthenticator(origin)
      const reply = await visitor.post(path, {
        email,
        name: 'Ada',
        credential: device.create(visitor.options),
      })
      if (reply.location !== '/account') throw new Error(reply.html)
      return { client: visitor, device }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await activity[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function join_(
  people: People,
  who: { client: PageClient; email: string; roles: readonly ('admin' | 'member')[]; clock: ManualClock },
): Promise<Joined> {
  const { client, email, roles, clock } = who
  const { url } = await people.management.invite({ email, roles, groups: [] }, BY)
  const path = new URL(url).pathname
  await client.get(path)
  await client.post(path, { name: 'Grace', password: PASSWORD })
  const page = await client.get('/login/enrol/totp')
  const secret = Secret.fromBase32(/class="secret">([^<]+)/.exec(page.html)![1]!.replaceAll(' ', ''))
  const key = /name="key" value="([^"]+)"/.exec(page.html)![1]!
  const code = () => new TOTP({ secret }).generate({ timestamp: clock.now() })
  const done = await client.post('/login/enrol/totp', { key, code: code() })
  const recoveryCodes = [...done.html.matchAll(/<li>([0-9a-z-]{19})<\/li>/g)].map((match) => match[1]!)
  if (recoveryCodes.length !== 10) throw new Error(done.html)
  clock.advance(30_000)
  return { client, recoveryCodes, code }
}

/** The password step alone. */
export async function givePassword(client: PageClient, email: string, password = PASSWORD) {
  await client.get('/login')
  return client.post('/login', { email, password })
}
