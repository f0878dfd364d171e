import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { isSessionRevision, type ConnectionId, type SessionRevision } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { Random } from '../lib/random.ts'
import type { SessionResumption } from '../upstream/index.ts'
import type { Scope } from './call.ts'
import type { TaskOffer } from './tasks/legacy-tasks.ts'

/** What a session is, apart from what happens in it: enough to take it up again after a restart of the hub. */
export interface SealedSession {
  readonly id: string
  readonly subject: string
  readonly scope: Scope
  readonly revision: SessionRevision
  readonly capabilities: JsonObject
  readonly clientInfo: JsonObject
  readonly taskOffer: TaskOffer
  /** The server's own session, the address that it is for, and the connection that it was opened with. */
  readonly upstream:
    | {
        readonly address: string
        readonly connection: ConnectionId | undefined
        readonly resumption: SessionResumption
      }
    | undefined
}

export const SEAL_LIFETIME_MS = 24 * 60 * 60_000
/** A client repeats its id with each request, so a longer one is not worth it. */
const MAX_LENGTH = 2000
const NONCE_BYTES = 12
const TAG_BYTES = 16
const BOOT_BYTES = 12

/**
 * Seals into the ids of sessions what takes them up again (design §10), for a day: AES-256-GCM under a key of its own. A
 * session of this very process is never opened from its seal: that it is not there any more means that it has ended.
 */
export class SessionSeals {
  readonly #key: Buffer
  readonly #clock: Clock
  readonly #random: Random
  readonly #boot: string

  constructor(stateKey: Uint8Array, clock: Clock, random: Random) {
    this.#key = createHmac('sha256', stateKey).update('session ids').digest()
    this.#clock = clock
    this.#random = random
    this.#boot = Buffer.from(random.bytes(BOOT_BYTES)).toString('base64url')
  }

  /** Undefined for what is too long to be carried around. */
  seal(session: SealedSession): string | undefined {
    const nonce = this.#random.bytes(NONCE_BYTES)
    const until = this.#clock.now() + SEAL_LIFETIME_MS
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(session.id))
    const plain = JSON.stringify({ ...session, boot: this.#boot, until })
    const text = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
    const sealed = text.toString('base64url')
    return sealed.length <= MAX_LENGTH ? sealed : undefined
  }

  /** Undefined for anything but a seal of an earlier process for this id, not too old. */
  open(id: string, sealed: string): SealedSession | undefined {
    const value = this.#decrypt(id, sealed)
    if (!isObject(value) || value['boot'] === this.#boot) return undefined
    if (typeof value['until'] !== 'number' || value['until'] < this.#clock.now()) return undefined
    return isSessionRevision(value['revision']) ? (value as unknown as SealedSession) : undefined
  }

  #decrypt(id: string, sealed: string): unknown {
    if (sealed.length > MAX_LENGTH) return undefined
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES))
    decipher.setAAD(Buffer.from(id)).setAuthTag(bytes.subarray(-TAG_BYTES))
    try {
      const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
      return JSON.parse(Buffer.concat([text, decipher.final()]).toString('utf8'))
    } catch {
      // A foreign key, another id or a flipped bit all mean the same.
      return undefined
    }
  }
}
