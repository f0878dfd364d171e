import { ParleyError, type Principal } from '@parley/contract'
import { chooseCredentials } from '../a2a-client/index.ts'
import type { AgentEntry } from '../directory/index.ts'
import type { CredentialFor } from '../hub/index.ts'
import type { HopTokens } from '../identity/index.ts'
import type { Use, Vault } from '../vault/index.ts'

type MintForAgent = HopTokens['mintForAgent']

/**
 * What goes to an agent as its caller's credential: what is kept for it in the vault, and a token of the hub's where the
 * agent trusts its issuer. Throws `connection_needed` where the agent's card asks for what is not there.
 */
export function createAgentCredentials(agentVault: Pick<Vault, 'use'>, mint: MintForAgent): CredentialFor {
  function choose(agent: AgentEntry, principal: Principal, use: Use | undefined) {
    if (use?.kind === 'needed') throw needed(agent, 'What was kept for it does not work any more.')
    const held = { hopToken: hopTokenFor(mint, agent, principal), headers: use?.headers() }
    const chosen = chooseCredentials(agent.card, held)
    if (chosen.kind === 'send') return chosen.headers
    throw needed(agent, chosen.why)
  }

  return (agent, principal) => {
    const use = agentVault.use(agent.name, principal.person)
    return use instanceof Promise
      ? use.then((settled) => choose(agent, principal, settled))
      : choose(agent, principal, use)
  }
}

/**
 * An agent with an identity of this hub's trusts its issuer: it gets a token of its caller's for this hop, which it alone
 * can go on with. Its audience is the first address that the agent's card names, whatever way is taken.
 */
function hopTokenFor(
  mint: MintForAgent,
  { workload, card }: AgentEntry,
  principal: Principal,
): string | undefined {
  const audience = card.supportedInterfaces[0]?.url.replace(/\/+$/, '')
  if (workload === undefined || audience === undefined) return undefined
  return mint(principal, audience, workload)
}

function needed({ name }: AgentEntry, why: string): ParleyError {
  return new ParleyError(
    'connection_needed',
    `${why} An administrator gives it with \`parley agents connect ${name}\`, a person their own with \`--own\`.`,
  )
}
