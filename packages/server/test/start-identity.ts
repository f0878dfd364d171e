import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AppId, PersonId } from '@parley/contract'
import { createActivity } from '../src/activity/index.ts'
import { loadConfig, readEnv } from '../src/config/index.ts'
import { createGrants } from '../src/grants/index.ts'
import { createListener, EventStreams } from '../src/http/index.ts'
import { createIdentity } from '../src/identity/create-identity.ts'
import { systemClock } from '../src/lib/clock.ts'
import { createNewId, systemRandom } from '../src/lib/random.ts'
import { createPageKit } from '../src/pages/index.ts'
import type { BrowserSession, People } from '../src/people/index.ts'
import { createRevocations } from '../src/revocations/index.ts'
import { openSealer } from '../src/sealing/index.ts'
import { openStore } from '../src/store/index.ts'
import { PageVisitor } from './page-visitor.ts'

const APP = 'app_00000000000000000000000001' as AppId
const PERSON = 'per_00000000000000000000000001' as PersonId

export async function startIdentity(given: { dataDir?: string } = {}) {
  const dataDir = given.dataDir ?? mkdtempSync(join(tmpdir(), 'parley-oauth-'))
  const config = loadConfig({ flags: { port: '0' }, environment: readEnv({}), workingDirectory: dataDir })
  const clock = systemClock
  const random = systemRandom
  const newId = createNewId(clock, random)
  const errors: unknown[] = []
  const onError = (error: unknown) => void errors.push(error)
  const store = await openStore(dataDir)
  const activity = createActivity({ store, clock, mode: 'strict', onError })
  const sealer = await openSealer({ dataDir, store, random })
  const revocations = createRevocations({ store, clock })
  const grants = createGrants({
    store,
    activity,
    clock,
    newId,
    revocation: {
      statement: (id) => revocations.statement({ kind: 'grant', id, at: Math.floor(clock.now() / 1000) }),
      announce: (ids) => revocations.announce(ids.map((id) => ({ kind: 'grant', id, at: 0 }))),
    },
  })
  let origin = ''
  const pages = createPageKit({ origin: () => origin, key: sealer.derive('forms'), random })
  const metadata = (redirect: string) => ({
    client_id: APP,
    client_name: 'Test app',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [redirect],
  })
  const app = {
    id: APP,
    clientId: APP,
    name: 'Test app',
    source: 'static' as const,
    verifiedHost: null,
    state: 'active' as const,
    createdAt: 0,
    lastUsedAt: null,
  }
  const session = (): BrowserSession => ({
    id: 'ses_00000000000000000000000001',
    person: PERSON,
    acr: 'urn:parley:2fa',
    amr: ['pwd', 'otp'],
    authTime: Math.floor(Date.now() / 1000) - 5,
  })
  const people: Pick<People, 'find' | 'signedIn' | 'requireSession'> = {
    find: (id) =>
      id === PERSON
        ? {
            id,
            email: 'ada@example.com',
            name: 'Ada',
            roles: ['member'],
            groups: [],
            state: 'active',
            createdAt: 0,
          }
        : undefined,
    signedIn: (request) => (request.headers.cookie?.includes('test=ada') ? session() : undefined),
    requireSession: (request, response) => {
      if (request.headers.cookie?.includes('test=ada')) return session()
      pages.redirect(response, '/login')
      return undefined
    },
  }
  const identity = await createIdentity({
    store,
    activity,
    clock,
    random,
    newId,
    sealer,
    grants,
    revocations,
    people,
    clients: {
      findApp: (id) => (id === APP ? app : undefined),
      app: (id) => (id === APP ? app : undefined),
    },
    findClient: async (id) => (id === APP ? metadata('http://127.0.0.1/callback') : undefined),
    pages,
    describeCapabilities: () => [
      {
        server: 'files',
        groups: [
          {
            effect: 'read',
            items: [
              { capability: 'tool:files/read_text_file', title: 'Read a file', description: undefined },
            ],
          },
        ],
      },
    ],
    hasGateway: true,
    hasServer: (name) => name === 'files',
    declaredResources: [
      { resource: 'https://notes.example/mcp', name: 'Notes', scopes: { 'notes:read': 'Read notes' } },
    ],
    onError,
  })
  const listener = createListener({
    listen: config.listen,
    limits: config.limits,
    streams: new EventStreams(config.limits),
    handlers: identity.handlers,
    isReady: () => true,
    onError,
  })
  const { port } = await listener.start()
  origin = `http://localhost:${port}`
  identity.start({ issuer: origin })
  const visitor = new PageVisitor(origin)
  visitor.setCookie('test', 'ada')
  return {
    url: origin,
    clientId: APP,
    person: PERSON,
    visitor,
    identity,
    grants,
    errors,
    dataDir,
    async [Symbol.asyncDispose]() {
      listener.destroy()
      revocations[Symbol.dispose]()
      await activity[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      if (given.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
