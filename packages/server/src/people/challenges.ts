import { createHmac } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import { equalSecrets } from '../lib/equal-secrets.ts'

export type Ceremony = 'create' | 'get'

const LIFETIME_MS = 10 * 60_000
const NONCE_BYTES = 16
const HEAD_BYTES = 8 + NONCE_BYTES
const MAX_USED = 20_000

/**
 * WebAuthn challenges (§13.4.3) that need no memory until they come back: time, nonce and a MAC over them, the ceremony, and the
 * browser they were given to. Each is taken once.
 */
export class Challenges {
  readonly #tools: { readonly key: Uint8Array; readonly clock: Clock; readonly random: Random }
  /** By the challenge, until when it would still be valid. */
  readonly #used = new Map<string, number>()

  constructor(tools: { readonly key: Uint8Array; readonly clock: Clock; readonly random: Random }) {
    this.#tools = tools
  }

  create(ceremony: Ceremony, binding: string): Uint8Array<ArrayBuffer> {
    const head = new Uint8Array(HEAD_BYTES)
    new DataView(head.buffer).setBigUint64(0, BigInt(this.#tools.clock.now() + LIFETIME_MS))
    head.set(this.#tools.random.bytes(NONCE_BYTES), 8)
    return Uint8Array.from([...head, ...this.#mac(head, ceremony, binding)])
  }

  /** True once for each challenge, to the browser that got it, in its time. */
  take(challenge: string, ceremony: Ceremony, binding: string): boolean {
    const bytes = Buffer.from(challenge, 'base64url')
    const head = bytes.subarray(0, HEAD_BYTES)
    if (head.length < HEAD_BYTES) return false
    if (!equalSecrets(bytes.subarray(HEAD_BYTES), this.#mac(head, ceremony, binding))) return false
    const now = this.#tools.clock.now()
    const expiresAt = Number(head.readBigUInt64BE(0))
    const key = bytes.toString('base64url')
    if (expiresAt <= now || this.#used.has(key)) return false
    this.#forget(now)
    // Full of challenges that are still valid: nobody is let in twice rather than everybody once.
    if (this.#used.size >= MAX_USED) return false
    this.#used.set(key, expiresAt)
    return true
  }

  #mac(head: Uint8Array, ceremony: Ceremony, binding: string): Uint8Array {
    return createHmac('sha256', this.#tools.key).update(head).update(`${ceremony} ${binding}`).digest()
  }

  #forget(now: number): void {
    if (this.#used.size < MAX_USED / 2) return
    for (const [key, expiresAt] of this.#used) if (expiresAt <= now) this.#used.delete(key)
  }
}
