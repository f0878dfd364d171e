interface Host<item> {
  readonly waiting: item[]
  active: number
}

/** Hosts that are known to fail; the oldest is forgotten. */
const MAX_FAILING = 1000

/**
 * What waits for its turn, by host: hosts take turns, so that one with much to be told keeps no other waiting. A host
 * that fails gets one at a time, or a few dead ones would hold every place until their time is over.
 */
export class HostQueue<item> {
  readonly #limits: { readonly all: number; readonly perHost: number }
  readonly #hosts = new Map<string, Host<item>>()
  readonly #failing = new Set<string>()
  #active = 0

  constructor(limits: { readonly all: number; readonly perHost: number }) {
    this.#limits = limits
  }

  push(name: string, waiting: item): void {
    const host = this.#hosts.get(name)
    if (host) host.waiting.push(waiting)
    else this.#hosts.set(name, { waiting: [waiting], active: 0 })
  }

  /** The next that may begin; whoever takes it says `done`. */
  take(): { readonly host: string; readonly item: item } | undefined {
    if (this.#active >= this.#limits.all) return undefined
    for (const [name, host] of this.#hosts) {
      const most = this.#failing.has(name) ? 1 : this.#limits.perHost
      if (host.waiting.length === 0 || host.active >= most) continue
      this.#hosts.delete(name)
      this.#hosts.set(name, host)
      host.active++
      this.#active++
      return { host: name, item: host.waiting.shift()! }
    }
    return undefined
  }

  done(name: string, isFailing: boolean): void {
    const host = this.#hosts.get(name)
    if (!host) return
    this.#active--
    host.active--
    if (host.active === 0 && host.waiting.length === 0) this.#hosts.delete(name)
    this.#failing.delete(name)
    if (isFailing) this.#failing.add(name)
    if (this.#failing.size > MAX_FAILING) this.#failing.delete(this.#failing.values().next().value!)
  }
}
