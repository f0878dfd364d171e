import type { Clock } from '../../lib/clock.ts'
import type { Store } from '../../store/index.ts'
import type { RecordChange } from '../record-change.ts'
import { viewGrant, type ClientIdOf } from './grant-view.ts'
import type { Grants } from '../../grants/index.ts'
import { Provider, errors } from './library.ts'
import { RecordStore, hashId, type RecordModel, type StoredRecord } from './record-store.ts'
import type { TokenFamilies } from './token-families.ts'
import { WaitingRequests } from './waiting-requests.ts'

/** Client metadata in the spelling of RFC 7591; undefined when there is no such client, or it may not act. */
export type FindClient = (clientId: string) => Promise<object | undefined>

/** What oidc-provider asks of a place to keep things (its docs, "Adapter"); every method is one condition and one unit. */
export interface Adapter {
  upsert(id: string, payload: Payload, expiresInSeconds: number): Promise<void>
  find(id: string): Promise<Payload | undefined>
  consume(id: string): Promise<void>
  destroy(id: string): Promise<void>
  revokeByGrantId(grantId: string): Promise<void>
  findByUid(uid: string): Promise<undefined>
}

type Payload = Record<string, unknown>

export interface AdapterTools {
  readonly store: Store
  readonly clock: Clock
  readonly record: RecordChange
  readonly families: TokenFamilies
  readonly grants: Pick<Grants, 'find' | 'audiencesOf'>
  readonly findClient: FindClient
  readonly clientIdOf: ClientIdOf
  readonly issuer: string
  readonly limits: { readonly waitingAuthorizations: number }
}

interface RecordTools extends AdapterTools {
  readonly waiting: WaitingRequests
}

/** The provider's models, each with the way it is kept. */
export function createAdapterFactory(given: AdapterTools): (model: string) => Adapter {
  const tools: RecordTools = { ...given, waiting: readWaiting(given) }
  return (model) => {
    switch (model) {
      case 'Client':
        return { ...NOTHING_KEPT, find: async (id) => (await tools.findClient(id)) as Payload | undefined }
      case 'Grant':
        return { ...NOTHING_KEPT, find: async (id) => viewGrant(id, tools) }
      case 'AuthorizationCode':
        return codeAdapter(tools)
      case 'RefreshToken':
        return refreshTokenAdapter(tools)
      case 'AccessToken':
        return accessTokenAdapter(tools)
      case 'Interaction':
      case 'PushedAuthorizationRequest':
      case 'ReplayDetection':
        return recordAdapter(model, tools)
      default:
        // Sessions: our pages say at each authorization who is signed in.
        return NOTHING_KEPT
    }
  }
}

const NOTHING_KEPT: Adapter = Object.freeze({
  upsert: async () => undefined,
  find: async () => undefined,
  consume: async () => undefined,
  destroy: async () => undefined,
  // A family is revoked by its own rule, a grant in its room.
  revokeByGrantId: async () => undefined,
  findByUid: async () => undefined,
})

/** Whoever asks makes one of these. */
const ANYONES: ReadonlySet<RecordModel> = new Set(['Interaction', 'PushedAuthorizationRequest'])

/** Who asked before a restart is not known any more: they count as one address. */
function readWaiting({ store, clock, limits }: AdapterTools): WaitingRequests {
  const waiting = new WaitingRequests(limits.waitingAuthorizations)
  for (const one of new RecordStore(store).waiting(ANYONES)) waiting.begin(one, '', clock.now())
  return waiting
}

function recordAdapter(model: RecordModel, { store, clock, waiting }: RecordTools): Adapter {
  const rows = new RecordStore(store)
  return {
    ...NOTHING_KEPT,
    async upsert(id, payload, expiresInSeconds) {
      const expiresAt = clock.now() + expiresInSeconds * 1000
      const { jti: _secret, ...kept } = payload
      const isNew = model === 'ReplayDetection'
      // `copyRequest` has written whom limits count.
      const address = String(Provider.ctx?.req.headers['x-forwarded-for'] ?? '')
      const own = { model, idHash: hashId(id), expiresAt }
      const lost = ANYONES.has(model) ? waiting.begin(own, address, clock.now()) : []
      const result = await store.submit([
        ...lost.map((one) => rows.remove(one)),
        rows.sweep(clock.now()),
        rows.save(model, id, { payload: kept, expiresAt, isNew }),
      ])
      // RFC 7523 §3: an assertion counts once.
      if (result.kind === 'conflict') throw new errors.InvalidRequest('the assertion was used before')
    },
    async find(id) {
      const record = rows.find(model, id)
      if (!record) return undefined
      return {
        ...payloadAt(record, clock),
        jti: id,
        ...(record.consumedAt === null ? {} : { consumed: true }),
      }
    },
    async consume(id) {
      const result = await store.submit([rows.consume(model, id, clock.now())])
      if (result.kind === 'conflict')
        throw new errors.InvalidRequest('the request was used before', 'consumed meanwhile')
    },
    async destroy(id) {
      const own = { model, idHash: hashId(id) }
      waiting.end(own)
      await store.submit([rows.remove(own)])
    },
  }
}

/** The provider goes by the machine's clock: what is over by the hub's is told to be over by any. */
function payloadAt({ payload, expiresAt }: StoredRecord, clock: Clock): Payload {
  return expiresAt > clock.now() ? payload : { ...payload, exp: 0 }
}

function codeAdapter(tools: RecordTools): Adapter {
  const { store, clock, record, families } = tools
  const rows = new RecordStore(store)
  const base = recordAdapter('AuthorizationCode', tools)
  return {
    ...base,
    // Whether it was consumed is found out by consuming it, so that of many at once one succeeds.
    async find(id) {
      const found = rows.find('AuthorizationCode', id)
      return found && { ...payloadAt(found, clock), jti: id }
    },
    async consume(id) {
      const family = hashId(id)
      const { payload } = rows.find('AuthorizationCode', id) ?? { payload: {} as Payload }
      const grantId = String(payload['grantId'])
      const now = clock.now()
      const result = await store.submit([
        rows.consume('AuthorizationCode', id, now),
        families.rows.sweep(now),
        families.rows.begin({ id: family, grantId, expiresAt: now + FAMILY_AT_LEAST_MS }),
        record({
          action: 'token.issue',
          subject: grantId,
          grant: grantId,
          person: String(payload['accountId']),
          note: `For the app ${String(payload['clientId'])}.`,
        }),
      ])
      if (result.kind === 'done') return
      // RFC 6749 §4.1.2: what was issued for a code that comes a second time is taken back.
      await families.revoke(family, { grantId, why: 'An authorization code was used twice.' })
      throw new errors.InvalidGrant('authorization code already consumed')
    },
  }
}

/** A family is known as long as its code could come again. */
const FAMILY_AT_LEAST_MS = 60 * 60_000

/** Access tokens are signed, not kept; what is kept is which of them are over. */
function accessTokenAdapter({ families }: AdapterTools): Adapter {
  return {
    ...NOTHING_KEPT,
    async destroy(jti) {
      const token = Provider.ctx?.oidc.entities.AccessToken
      if (token?.jti !== jti) throw new Error('an access token is revoked by the request that names it')
      await families.revokeAccessToken(token)
    },
  }
}

function refreshTokenAdapter({ store, clock, families }: AdapterTools): Adapter {
  return {
    ...NOTHING_KEPT,
    async upsert(id, payload, expiresInSeconds) {
      const code = Provider.ctx?.oidc.entities.AuthorizationCode
      if (!code) throw new Error('a refresh token is issued for a code')
      const now = clock.now()
      const { jti: _secret, ...kept } = payload
      // A family that another use of the code has ended meanwhile takes no more: what this answer brings is dead already.
      await store.submit(
        families.rows.insert({
          hash: hashId(id),
          family: hashId(code.jti),
          payload: kept,
          issuedAt: now,
          expiresAt: now + expiresInSeconds * 1000,
        }),
      )
    },
    async find(id) {
      const row = families.rows.find(hashId(id))
      if (!row || row.isFamilyRevoked || row.usedAt !== null) return undefined
      return { ...row.payload, jti: id }
    },
    async destroy(id) {
      const row = families.rows.find(hashId(id))
      if (!row) return
      const grantId = String(row.payload['grantId'])
      await families.revoke(row.family, { grantId, why: 'The app gave its refresh token back.' })
    },
  }
}
