import type { ServerResponse } from 'node:http'
import type { Principal } from '@parley/contract'

/** Beyond this many callers, those with nothing under way are forgotten. */
const SWEEP_AT = 1024

/**
 * Who has requests under way, streams included, so that they end when their caller is cut off.
 *
 * NOTE: on the lane. A request costs one entry in its caller's set.
 */
export class Running {
  readonly #byCaller = new Map<Principal, Set<ServerResponse>>()

  enter(principal: Principal, res: ServerResponse): void {
    const own = this.#byCaller.get(principal) ?? this.#add(principal)
    own.add(res)
    res.once('close', () => own.delete(res))
  }

  /** Breaks off what runs for the callers that are meant: what they had begun at servers is cancelled with it. */
  cut(isMeant: (principal: Principal) => boolean): void {
    for (const [principal, own] of this.#byCaller) {
      if (!isMeant(principal)) continue
      for (const res of own) res.destroy()
      this.#byCaller.delete(principal)
    }
  }

  #add(principal: Principal): Set<ServerResponse> {
    if (this.#byCaller.size >= SWEEP_AT) {
      for (const [idle, own] of this.#byCaller) if (own.size === 0) this.#byCaller.delete(idle)
    }
    const own = new Set<ServerResponse>()
    this.#byCaller.set(principal, own)
    return own
  }
}
