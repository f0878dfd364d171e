import { readJsonObject } from '../fetch-json.ts'
import { HubError } from '../hub-error.ts'
import type { ActingTools } from './acting.ts'
import type { AgentCard } from './complete-card.ts'

export interface AgentQuery {
  /** What is to be done, in words. All agents when absent. */
  readonly text?: string
  /** An id or a name of a skill. */
  readonly skill?: string
  readonly tag?: string
  readonly inputMode?: string
  readonly outputMode?: string
  /** Up to 50; 10 unless told otherwise. */
  readonly limit?: number
}

export interface FoundAgent {
  /** By which `delegate` asks it. */
  readonly name: string
  readonly title: string
  readonly description: string
  readonly endpoint: string
  readonly skills: readonly {
    readonly id: string
    readonly name: string
    readonly description: string
    readonly tags: readonly string[]
  }[]
}

/** How the agent's card stands at the hub. */
export interface RegisteredCard {
  readonly name: string
  /** `pending` until somebody has reviewed it. */
  readonly state: 'pending' | 'approved'
  readonly endpoint: string
  readonly hash: string | null
  /** Why it is held back, for people. */
  readonly reason: string | null
}

const TIMEOUT_MS = 30_000
const LIMIT_BYTES = 8 * 1_048_576

/** What an agent does at its hub in its own name. */
export class HubApi {
  readonly #tools: ActingTools

  constructor(tools: ActingTools) {
    this.#tools = tools
  }

  async findAgents(query: AgentQuery): Promise<readonly FoundAgent[]> {
    const asked = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])
    const path = `/api/directory?${new URLSearchParams(asked)}`
    const { agents } = await this.#request('GET', path, {})
    return agents as readonly FoundAgent[]
  }

  async sendCard(card: AgentCard): Promise<RegisteredCard> {
    const answer = await this.#request('PUT', '/api/me/card', { scope: 'hub:manage', body: { card } })
    return answer as unknown as RegisteredCard
  }

  /** Without a scope it has what the agent was granted there. */
  async #request(method: string, path: string, { scope, body }: { scope?: string; body?: unknown }) {
    const { hub, tokens, fetch } = this.#tools
    const resource = `${hub}/api`
    const asked = { grant_type: 'client_credentials', resource, ...(scope !== undefined && { scope }) }
    const token = await tokens.get(asked)
    const response = await fetch(hub + path, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const answer = await readJsonObject(response, LIMIT_BYTES)
    if (response.ok) return answer
    if (response.status === 401) tokens.forget(token)
    const { detail, code } = answer
    throw new HubError(typeof detail === 'string' ? detail : `The hub answered ${response.status}.`, {
      code: String(code ?? response.status),
      status: response.status,
    })
  }
}
