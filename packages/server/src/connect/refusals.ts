import type { PersonId } from '@parley/contract'
import type { Clock } from '../lib/clock.ts'
import { coversScope, type BearerChallenge } from '../oauth-client/index.ts'
import type { ServerRef } from './connection.ts'
import type { Connections } from './connections.ts'

/** A server answered 401 or 403 to a call. */
export interface Refusal {
  readonly server: ServerRef
  readonly person: PersonId | undefined
  readonly status: number
  readonly challenge: BearerChallenge | undefined
  /** The token that the call took along. */
  readonly token: string | undefined
}

export type Verdict =
  /** There is another token now. */
  | 'again'
  /** A person has to connect, or allow more there. */
  | 'connect'
  /** It is the server's last word: asking for the same once more would lead nowhere. */
  | 'final'

const MAX_SERVERS = 1000

/** What to do about a server that refuses: renew, ask a person, or leave it (MCP, Scope Challenge Handling). */
export class Refusals {
  readonly #tools: { readonly connections: Connections; readonly clock: Clock }
  readonly #challenges = new Map<string, BearerChallenge>()

  constructor(tools: { readonly connections: Connections; readonly clock: Clock }) {
    this.#tools = tools
  }

  /** What the server said last; what it said before it was connected may name less. */
  challengeOf(server: string): BearerChallenge | undefined {
    return this.#challenges.get(server)
  }

  note(server: string, challenge: BearerChallenge): void {
    this.#challenges.delete(server)
    this.#challenges.set(server, challenge)
    if (this.#challenges.size > MAX_SERVERS) this.#challenges.delete(this.#challenges.keys().next().value!)
  }

  async judge({ server, person, status, challenge, token }: Refusal): Promise<Verdict> {
    const { connections } = this.#tools
    const access = await connections.access(server, person)
    if (access.kind === 'token' && token !== undefined && access.token() !== token) return 'again'
    // A server that says nothing of tokens does not want one.
    if (!challenge) return 'final'
    this.note(server.id, challenge)
    if (access.kind === 'none') return status === 401 ? 'connect' : 'final'
    const { connection } = access
    if (status === 403) {
      const wanted = challenge.error === 'insufficient_scope' ? challenge.scope : undefined
      if (wanted === undefined) return 'final'
      // It was asked for already, and this is what came of it.
      const asked = connections.secretOf(server, connection.owner)?.asked
      return coversScope(asked, wanted) ? 'final' : 'connect'
    }
    await connections.renew(server, connection)
    const renewed = await connections.access(server, person)
    if (renewed.kind === 'token' && renewed.token() !== token) return 'again'
    if (renewed.kind === 'token')
      await connections.lose(server, renewed.connection, 'the server does not take its token any more')
    return 'connect'
  }
}
