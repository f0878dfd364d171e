import type { Caller } from '../caller.ts'
import { createGuard, type Checked, type Guard, type GuardOptions } from '../guard.ts'
import { readBearer } from '../read-bearer.ts'
import { actForCaller, actForItself, type Acting } from './acting.ts'
import type { AgentCredential } from './agent-credential.ts'
import { HubApi, type AgentQuery, type FoundAgent, type RegisteredCard } from './hub-api.ts'
import { HubTokens } from './hub-tokens.ts'
import { completeCard, type AgentCard } from './complete-card.ts'

export interface AgentOptions extends Omit<GuardOptions, 'issuer' | 'resource' | 'tools' | 'local'> {
  /** The hub: its address, exactly as its metadata says it. */
  readonly hub: string
  /** Where the agent is asked, as the first interface of its card says it; tokens are for it alone. */
  readonly url: string
  /** What it proves itself with at the hub. Without one it can be asked, and asks nobody. */
  readonly credential?: AgentCredential
  /** Is served at its well-known place, to everybody, where one is given. */
  readonly card?: AgentCard
}

/** An A2A agent behind a hub: the guard that stands before it, and what it may do for those who call it. */
export interface Agent extends Guard {
  /** The card as it is served, with how callers prove themselves. */
  readonly card: AgentCard | undefined
  /** What the caller allows, passed on; by the caller that the guard let in, or a token that the agent has been given. */
  actAs(caller: Caller | string): Acting
  /** With what an administrator has granted the agent itself. */
  actAsItself(): Acting
  /** Agents that this one may ask in its own name, best first. */
  findAgents(query?: AgentQuery): Promise<readonly FoundAgent[]>
  /** Sends its card to the hub, where it is served once somebody has reviewed it. Its own unless another is given. */
  registerCard(card?: AgentCard): Promise<RegisteredCard>
}

/**
 * Guards an A2A agent with the tokens of its hub, and lets it ask other agents for its callers.
 *
 * @example
 * const agent = createAgent({ hub: 'https://hub.example', url: 'https://planner.example/a2a', credential, card })
 * app.use(serveMetadata(agent))
 * app.use('/a2a', protect(agent), jsonRpcHandler({ requestHandler, userBuilder }))
 * // and in the executor:
 * const weather = agent.actAs(callerOf(context.context.user)).delegate({ agent: 'weather' })
 * const answer = await weather.send('Will it rain in Bern?')
 */
export function createAgent(options: AgentOptions): Agent {
  const { hub: issuer, url, credential, fetch = globalThis.fetch, now = Date.now } = options
  const card = options.card && completeCard(options.card, options)
  const guard = createGuard({ ...options, issuer, resource: url, ...(card && { card }) })
  const hub = issuer.replace(/\/+$/, '')
  const tokens = new HubTokens({ hub: issuer, credential, fetch, now })
  const tools = { hub, tokens, fetch }
  const api = new HubApi(tools)
  /** Gone with the caller: what is behind the guard has the caller and never the token. */
  const received = new WeakMap<Caller, string>()

  function keepToken(checked: Checked, authorization: string | null | undefined): Checked {
    const bearer = readBearer(authorization)
    if (checked.kind === 'caller' && bearer.kind === 'token' && credential)
      received.set(checked.caller, bearer.token)
    return checked
  }

  return {
    ...guard,
    card,
    check(authorization: string | null | undefined, asked?: string) {
      const checked = guard.check(authorization, asked)
      return checked instanceof Promise
        ? checked.then((answer) => keepToken(answer, authorization))
        : keepToken(checked, authorization)
    },
    actAs(caller: Caller | string) {
      const token = typeof caller === 'string' ? caller : received.get(caller)
      if (token === undefined)
        throw new TypeError('This caller did not come through this agent, or the agent has no credential.')
      return actForCaller(token, tools)
    },
    actAsItself: () => actForItself(tools),
    findAgents: (query: AgentQuery = {}) => api.findAgents(query),
    async registerCard(other?: AgentCard) {
      const sent = other ? completeCard(other, options) : card
      if (!sent) throw new TypeError('There is no card to send: give one.')
      return api.sendCard(sent)
    },
  }
}
