import type { PersonId } from '@parley/contract'
import { coversScope, type BearerChallenge } from '../oauth-client/index.ts'
import type { Connection, Vault } from '../vault/index.ts'
import { toGrant } from './connection-grant.ts'

/** A server answered 401 or 403 to a call. */
export interface Refusal {
  readonly server: string
  readonly person: PersonId | undefined
  readonly status: number
  readonly challenge: BearerChallenge | undefined
  /** What the call took along. */
  readonly carried: Pick<Connection, 'id' | 'version'> | undefined
}

export type Verdict =
  /** There is something else to carry now. */
  | 'again'
  /** A person has to connect, or to allow more there. */
  | 'connect'
  /** It is the server's last word: asking for the same once more would lead nowhere. */
  | 'final'

const MAX_SERVERS = 1000

/** What to do about a server that refuses: renew, ask a person, or leave it (MCP, Scope Challenge Handling). */
export class Refusals {
  readonly #vault: Pick<Vault, 'find' | 'open' | 'renew' | 'fail'>
  readonly #challenges = new Map<string, BearerChallenge>()

  constructor(vault: Pick<Vault, 'find' | 'open' | 'renew' | 'fail'>) {
    this.#vault = vault
  }

  /** What the server said last. */
  challengeOf(server: string): BearerChallenge | undefined {
    return this.#challenges.get(server)
  }

  async judge({ server, status, challenge, carried }: Refusal): Promise<Verdict> {
    const held = carried && this.#vault.find(carried.id)
    if (carried && held?.state === 'connected' && held.version > carried.version) return 'again'
    // A server that says nothing of tokens does not want one.
    if (!challenge) return 'final'
    this.#note(server, challenge)
    if (!held) return status === 401 ? 'connect' : 'final'
    if (held.kind !== 'oauth') return 'final'
    if (status === 403) return this.#wantsMore(held, challenge) ? 'connect' : 'final'
    return this.#renew(held)
  }

  /** Not when it was asked for already, and this is what came of it. */
  #wantsMore({ id }: Connection, { error, scope }: BearerChallenge): boolean {
    const secret = this.#vault.open(id)
    if (error !== 'insufficient_scope' || scope === undefined || !secret) return false
    return !coversScope(toGrant(secret).asked, scope)
  }

  async #renew(held: Connection): Promise<Verdict> {
    if (held.renews) {
      const renewed = await this.#vault.renew(held.id).catch(() => held)
      if (renewed.state === 'connected' && renewed.version > held.version) return 'again'
    }
    await this.#vault.fail(held, 'the server takes its token no more')
    return 'connect'
  }

  #note(server: string, challenge: BearerChallenge): void {
    this.#challenges.delete(server)
    this.#challenges.set(server, challenge)
    if (this.#challenges.size > MAX_SERVERS) this.#challenges.delete(this.#challenges.keys().next().value!)
  }
}
