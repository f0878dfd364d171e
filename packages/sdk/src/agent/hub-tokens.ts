import { discoverIssuer } from '../discover-issuer.ts'
import { onceItWorks } from '../once-it-works.ts'
import { HubError } from '../hub-error.ts'
import { readJsonObject } from '../fetch-json.ts'
import { proveAgent, type AgentCredential } from './agent-credential.ts'

const TIMEOUT_MS = 10_000
const LIMIT_BYTES = 65_536
/** Tokens that are kept; the oldest go first. */
const MAX_TOKENS = 1000
/** What is left of a token's life for its way. */
const MARGIN_MS = 15_000

export interface HubTokensOptions {
  readonly hub: string
  readonly credential: AgentCredential | undefined
  readonly fetch: typeof globalThis.fetch
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

interface Kept {
  readonly token: string
  readonly untilMs: number
}

/** The tokens that an agent gets at its hub, each kept while it is good and asked for once at a time. */
export class HubTokens {
  readonly #options: HubTokensOptions
  readonly #kept = new Map<string, Kept>()
  readonly #asked = new Map<string, Promise<string>>()
  readonly #endpoint: () => Promise<string>

  constructor(options: HubTokensOptions) {
    const { hub, fetch, now } = options
    this.#options = options
    this.#endpoint = onceItWorks(async () => {
      const { tokenEndpoint } = await discoverIssuer(fetch, hub)
      if (tokenEndpoint === undefined) throw new Error(`${hub} has no token endpoint.`)
      return tokenEndpoint
    }, now)
  }

  /** Rejects with `HubError` when the hub gives none for these parameters of the token endpoint. */
  async get(parameters: Readonly<Record<string, string>>): Promise<string> {
    const key = JSON.stringify(parameters)
    const kept = this.#kept.get(key)
    if (kept && kept.untilMs > this.#options.now()) return kept.token
    const asked = this.#asked.get(key)
    if (asked) return asked
    const asking = this.#ask(key, parameters).finally(() => this.#asked.delete(key))
    this.#asked.set(key, asking)
    return asking
  }

  /** The hub took a token no longer. */
  forget(token: string): void {
    for (const [key, kept] of this.#kept) if (kept.token === token) this.#kept.delete(key)
  }

  async #ask(key: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const { hub, credential, fetch, now } = this.#options
    if (!credential)
      throw new TypeError('This agent has no credential at its hub: give createAgent one to act with.')
    const endpoint = await this.#endpoint()
    const proof = await proveAgent(credential, { issuer: hub, nowMs: now() })
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { accept: 'application/json', ...proof.headers },
      body: new URLSearchParams({ ...parameters, ...proof.parameters }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const answer = await readJsonObject(response, LIMIT_BYTES)
    const { access_token: token, expires_in: seconds } = answer
    if (response.status !== 200 || typeof token !== 'string') throw refusal(response.status, answer)
    this.#keep(key, { token, untilMs: now() + Number(seconds ?? 0) * 1000 - MARGIN_MS })
    return token
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MAX_TOKENS) this.#kept.delete(oldest!)
  }
}

function refusal(status: number, { error, error_description: why }: Record<string, unknown>): HubError {
  const code = typeof error === 'string' ? error : 'no_token'
  return new HubError(typeof why === 'string' ? why : `The hub gave no token: ${code}.`, { code, status })
}
