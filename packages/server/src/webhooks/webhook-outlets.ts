import { ParleyError } from '@parley/contract'
import type { Allowance, Egress, Outlet } from '../egress/index.ts'

interface Kept {
  readonly outlet: Outlet
  readonly allowance: Allowance | undefined
  users: number
}

/** Ways that are kept open although nobody uses them now. */
const MAX_IDLE = 64

/** The guarded ways to receivers, one for each origin. */
export class WebhookOutlets {
  readonly #egress: Egress
  readonly #allowed: readonly AllowedOrigin[]
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>()

  /** `allow` is `webhooks.allow` of parley.yaml. */
  constructor(egress: Egress, allow: readonly string[]) {
    this.#egress = egress
    this.#allowed = allow.map(readAllowed)
  }

  /** Throws `invalid_params` for what could not be reached. Each connection is judged again (H3). */
  async admit(url: string): Promise<void> {
    const allowance = this.#allow(url)
    try {
      await this.#egress.admit({ url, ...(allowance && { allowance }) })
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code !== 'egress_refused') throw error
      const message =
        'Parley sends no notifications to this address: it must be on the public internet, on port 80, 443 or 8443, or an administrator lists it in webhooks.allow.'
      throw new ParleyError('invalid_params', message, { cause: error, detail: error.detail ?? '' })
    } finally {
      if (allowance) this.#egress.disallow(allowance)
    }
  }

  /** Throws `egress_refused`. */
  async use<result>(url: string, work: (outlet: Outlet) => Promise<result>): Promise<result> {
    const { origin } = new URL(url)
    const kept = this.#kept.get(origin) ?? this.#open(url)
    kept.users++
    this.#kept.set(origin, kept)
    try {
      return await work(kept.outlet)
    } finally {
      kept.users--
      this.#kept.delete(origin)
      this.#kept.set(origin, kept)
      this.#closeIdle()
    }
  }

  async close(): Promise<void> {
    const all = [...this.#kept.values()]
    this.#kept.clear()
    await Promise.all(all.map((kept) => this.#end(kept)))
  }

  #open(url: string): Kept {
    const allowance = this.#allow(url)
    try {
      const outlet = this.#egress.open({ purpose: 'webhook', url, ...(allowance && { allowance }) })
      return { outlet, allowance, users: 0 }
    } catch (error) {
      if (allowance) this.#egress.disallow(allowance)
      throw error
    }
  }

  #closeIdle(): void {
    const idle = [...this.#kept].filter(([, { users }]) => users === 0)
    for (const [origin, kept] of idle.slice(0, Math.max(0, idle.length - MAX_IDLE))) {
      this.#kept.delete(origin)
      void this.#end(kept)
    }
  }

  async #end({ outlet, allowance }: Kept): Promise<void> {
    await outlet.destroy()
    if (allowance) this.#egress.disallow(allowance)
  }

  #allow(text: string): Allowance | undefined {
    const url = new URL(text)
    const isAllowed = this.#allowed.some(
      ({ protocol, hostname, port }) =>
        protocol === url.protocol && hostname === url.hostname && (port === '*' || port === url.port),
    )
    return isAllowed ? this.#egress.allow(url.origin, 'webhooks.allow') : undefined
  }
}

type AllowedOrigin = Readonly<Record<'protocol' | 'hostname' | 'port', string>>

function readAllowed(text: string): AllowedOrigin {
  const isEveryPort = text.endsWith(':*')
  const { protocol, hostname, port } = new URL(isEveryPort ? text.slice(0, -2) : text)
  return { protocol, hostname, port: isEveryPort ? '*' : port }
}
