import { createCipheriv, createDecipheriv, hash } from 'node:crypto'
import { ParleyError } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { Random } from '../lib/random.ts'

/** What a sealed state is good for: this caller, this request, once, for a while. */
export interface StateBinding {
  readonly subject: string
  readonly server: string
  readonly method: string
  readonly name: string
  /** Base64url SHA-256 of the arguments' bytes. */
  readonly argumentsDigest: string
}

/**
 * `upstream` is the upstream's own state; `held` names a call that waits inside the hub, `consent` what a person was
 * asked, `connect` where a person was sent.
 */
export type InnerState =
  | { readonly upstream: string }
  | { readonly held: string }
  | { readonly consent: string }
  | { readonly connect: string }

export const STATE_LIFETIME_MS = 15 * 60_000
const MAX_USED = 100_000
const NONCE_BYTES = 12
const TAG_BYTES = 16
const PREFIX = 'ps1.'

/**
 * Seals the `requestState` that clients carry between the rounds of a request (MCP 2026-07-28, MRTR, Server
 * Requirements): AES-256-GCM, bound to caller, server, method, name and arguments, good once and for 15 minutes. An
 * upstream's own state is never handed out bare, so one caller's cannot be used by another.
 */
export class RequestStates {
  readonly #key: Uint8Array
  readonly #clock: Clock
  readonly #random: Random
  #used = new Set<string>()

  constructor(key: Uint8Array, clock: Clock, random: Random) {
    this.#key = key
    this.#clock = clock
    this.#random = random
  }

  seal(inner: InnerState, binding: StateBinding): string {
    const nonce = this.#random.bytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    cipher.setAAD(aad(binding))
    const plain = JSON.stringify({ ...inner, until: this.#clock.now() + STATE_LIFETIME_MS })
    const sealed = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return PREFIX + sealed.toString('base64url')
  }

  /** Opens a state, and spends it. Throws `invalid_params` for anything but a state of ours for this very request. */
  open(state: string, binding: StateBinding): InnerState {
    const inner = this.#decrypt(state, binding)
    if (!inner || inner.until < this.#clock.now()) refuse()
    if (this.#used.has(state)) refuse()
    this.#used.add(state)
    if (this.#used.size > MAX_USED) this.#used.delete(this.#used.values().next().value!)
    return inner.state
  }

  #decrypt(state: string, binding: StateBinding) {
    if (!state.startsWith(PREFIX)) return undefined
    const bytes = Buffer.from(state.slice(PREFIX.length), 'base64url')
    // The text must be the one encoding of its bytes, or one state could be spent under many spellings.
    if (
      bytes.length <= NONCE_BYTES + TAG_BYTES ||
      bytes.toString('base64url') !== state.slice(PREFIX.length)
    ) {
      return undefined
    }
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES))
    decipher.setAAD(aad(binding))
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
    try {
      const plain =
        decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)).toString('utf8') + decipher.final('utf8')
      const value: unknown = JSON.parse(plain)
      if (!isObject(value) || typeof value['until'] !== 'number') return undefined
      const state = readInner(value)
      return state && { until: value['until'], state }
    } catch {
      // A wrong key, another binding or a flipped bit all end here, and all mean the same.
      return undefined
    }
  }
}

export function digestOf(bytes: Buffer): string {
  return hash('sha256', bytes, 'base64url')
}

function refuse(): never {
  throw invalidState()
}

export function invalidState(): ParleyError {
  return new ParleyError(
    'invalid_params',
    'requestState is not valid for this request: it was changed, used before, or has expired. Send the request again without it.',
  )
}

function readInner(value: JsonObject): InnerState | undefined {
  const { upstream, held, consent, connect } = value
  if (typeof upstream === 'string') return { upstream }
  if (typeof held === 'string') return { held }
  if (typeof consent === 'string') return { consent }
  return typeof connect === 'string' ? { connect } : undefined
}

/** The state of a question of ours: the answer to it is nothing for the server. */
export function isOwnQuestion(state: InnerState | undefined): boolean {
  return state !== undefined && ('consent' in state || 'connect' in state)
}

function aad(binding: StateBinding): Buffer {
  const { subject, server, method, name, argumentsDigest } = binding
  return Buffer.from(JSON.stringify([subject, server, method, name, argumentsDigest]))
}
