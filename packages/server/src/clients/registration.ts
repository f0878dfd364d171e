import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import { makeSecret } from './apps.ts'
import type { ClientChanges } from './client-changes.ts'
import type { AppRow, ClientStore, RegistrationCaps } from './client-store.ts'
import { isProblem } from './rules/metadata-problem.ts'
import type { MetadataProblem } from './rules/metadata-problem.ts'
import { REGISTRATION_POLICY, readMetadata } from './rules/read-metadata.ts'

export interface RegistrationTools {
  readonly store: ClientStore
  readonly changes: ClientChanges
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly caps: RegistrationCaps
}

/** The client information response of RFC 7591 §3.2.1. */
export interface Registered {
  readonly kind: 'registered'
  readonly information: Readonly<Record<string, unknown>>
}

export type RegistrationOutcome = Registered | MetadataProblem | { readonly kind: 'full' }

const UNUSED_LIFE_MS = 24 * 3_600_000
const SWEEP_EVERY_MS = 600_000
const SWEEP_BATCH = 500

/** Dynamic client registration (RFC 7591): whoever asks gets a client_id, and with it nothing until a person consents. */
export class Registration {
  readonly #tools: RegistrationTools

  constructor(tools: RegistrationTools) {
    this.#tools = tools
  }

  async register(body: Readonly<Record<string, unknown>>): Promise<RegistrationOutcome> {
    const { store, changes, clock, newId, random, caps } = this.#tools
    const metadata = readMetadata(body, REGISTRATION_POLICY)
    if (isProblem(metadata)) return metadata
    const id = newId('app')
    const createdAt = clock.now()
    const row: AppRow = {
      id,
      clientId: id,
      source: 'dcr',
      declaredAs: null,
      state: 'active',
      metadata,
      createdAt,
      lastUsedAt: null,
    }
    const { secret, statements } = makeSecret(row, { store, random, newId })
    const isKept = await changes.submit([store.insertRegistration(row, caps), ...statements], {
      action: 'app.register',
      subject: id,
      app: id,
      policies: ['builtin:registration'],
      note: `app "${metadata.client_name}", redirects: ${metadata.redirect_uris.join(' ')}`,
    })
    if (!isKept) return { kind: 'full' }
    const issuedAt = Math.floor(createdAt / 1000)
    const shown = secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }
    return {
      kind: 'registered',
      information: { client_id: id, client_id_issued_at: issuedAt, ...shown, ...metadata },
    }
  }

  /** Deletes what nobody has granted anything within a day. Returns what stops it. */
  sweep(onError: (error: unknown) => void): () => void {
    const { clock } = this.#tools
    const run = () => {
      this.deleteUnused().catch(onError)
      timer = clock.setTimeout(run, SWEEP_EVERY_MS)
    }
    let timer = clock.setTimeout(run, SWEEP_EVERY_MS)
    return () => timer.cancel()
  }

  /** Answers how many there were. */
  async deleteUnused(): Promise<number> {
    const { store, changes, clock } = this.#tools
    const ids = store.neverUsed(clock.now() - UNUSED_LIFE_MS, SWEEP_BATCH)
    if (ids.length === 0) return 0
    await changes.submit(
      ids.flatMap((id) => store.deleteNeverUsed(id)),
      {
        action: 'app.expire',
        subject: 'hub',
        policies: ['builtin:registration'],
        note: `${ids.length} registrations that were never used`,
      },
    )
    return ids.length
  }
}
