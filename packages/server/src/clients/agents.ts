import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { OWNER_NAME, OWNER_NAME_MAX_LENGTH, ParleyError } from '@parley/contract'
import type { AgentId, PersonId } from '@parley/contract'
import { findConfusableName } from '../config/index.ts'
import type { Actor } from '../grants/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId, Random } from '../lib/random.ts'
import type { Statement } from '../store/index.ts'
import type { ClientChanges } from './client-changes.ts'
import { createClientSecret, hashClientSecret } from './client-secret.ts'
import type { ClientStore } from './client-store.ts'
import type { Agent, AgentAuthMethod, ProofView } from './clients.ts'
import { checkJwks } from './rules/check-jwks.ts'
import type { PublicJwk } from './rules/check-jwks.ts'
import { isProblem } from './rules/metadata-problem.ts'

/** How an agent proves itself: a key made here, its own public keys (a JWK Set), or a secret. */
export type ProofChoice =
  | { readonly kind: 'new-key' }
  | { readonly kind: 'own-keys'; readonly jwks: unknown }
  | { readonly kind: 'secret' }

/** What is told once and then known by its hash, or not at all. */
export type ShownOnce =
  | { readonly kind: 'private-key'; readonly privateKey: Readonly<Record<string, string>> }
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'nothing' }

/** What else has a name at this hub. An agent that can be asked has that of its workload, where it has one. */
export interface OtherNames {
  readonly servers: readonly string[]
  readonly agents: readonly string[]
}

export interface AgentTools {
  readonly store: ClientStore
  readonly changes: ClientChanges
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly limit: number
  readonly otherNames: () => OtherNames
  /** Ends every grant that the agent holds. */
  readonly revokeGrants: (agent: AgentId, by: Actor) => Promise<void>
}

const MAX_LIVE_PROOFS = 10
const makeKeyPair = promisify(generateKeyPair)

/** Workloads: made, given new keys, suspended, and retired for good. */
export class Agents {
  readonly #tools: AgentTools

  constructor(tools: AgentTools) {
    this.#tools = tools
  }

  list(): Agent[] {
    return this.#tools.store.agents()
  }

  /** Remembered: it is asked at every request to an agent. */
  named(name: string): Agent | undefined {
    return this.#tools.store.agentByName(name)
  }

  /** What it can prove itself with now. */
  proofs(id: AgentId): ProofView[] {
    return this.#tools.store.proofs(id, this.#tools.clock.now())
  }

  async create(
    wanted: { readonly name: string; readonly owner: PersonId | null; readonly proof: ProofChoice },
    by: Actor,
  ): Promise<{ readonly agent: Agent; readonly shownOnce: ShownOnce }> {
    const { store, changes, clock, newId, limit } = this.#tools
    const { name, owner } = wanted
    this.#checkName(name)
    const id = newId('agent')
    const { statements, shownOnce } = await this.#makeProof(id, wanted.proof)
    const agent: Agent = {
      id,
      name,
      owner,
      state: 'active',
      authMethod: methodOf(wanted.proof),
      createdAt: clock.now(),
      lastUsedAt: null,
    }
    await changes.commit(
      [store.insertAgent(agent, limit), ...statements],
      { action: 'agent.create', subject: by, chain: [{ kind: 'agent', id }], note: `agent ${name}` },
      { conflict: `There is an agent of this name, or there are ${limit} agents already.` },
    )
    return { agent, shownOnce }
  }

  /** New keys or a new secret; the old ones go on for `graceMs`, so that running workloads can follow. */
  async rotate(
    id: AgentId,
    options: { readonly proof: ProofChoice; readonly graceMs: number },
    by: Actor,
  ): Promise<ShownOnce> {
    const { store, changes, clock } = this.#tools
    const agent = this.#known(id)
    if (agent.state === 'retired') throw retired()
    if (methodOf(options.proof) !== agent.authMethod)
      throw new ParleyError('invalid_params', `This agent proves itself by ${agent.authMethod}.`)
    const now = clock.now()
    const live = options.graceMs > 0 ? this.proofs(id).length : 0
    if (live >= MAX_LIVE_PROOFS)
      throw new ParleyError(
        'conflict',
        `${live} keys of this agent still stand; rotate without a grace period.`,
      )
    const { statements, shownOnce } = await this.#makeProof(id, options.proof)
    await changes.commit(
      [
        store.setOwner(id, agent.owner),
        ...store.retireProofs(id, { now, expiresAt: now + options.graceMs }),
        ...statements,
      ],
      this.#happening('agent.rotate', agent, by),
    )
    return shownOnce
  }

  /** It gets no tokens, and those it has end. Idempotent. */
  async suspend(id: AgentId, by: Actor): Promise<Agent> {
    const agent = this.#known(id)
    if (agent.state === 'retired') throw retired()
    if (agent.state === 'suspended') return agent
    const { store, changes } = this.#tools
    await changes.commit(
      [store.setAgentState(id, 'active', 'suspended')],
      this.#happening('agent.suspend', agent, by),
      { cutOff: [{ kind: 'agent', id }] },
    )
    return this.#known(id)
  }

  async resume(id: AgentId, by: Actor): Promise<Agent> {
    const agent = this.#known(id)
    if (agent.state === 'retired') throw retired()
    if (agent.state === 'active') return agent
    const { store, changes } = this.#tools
    await changes.commit(
      [store.setAgentState(id, 'suspended', 'active')],
      this.#happening('agent.resume', agent, by),
    )
    return this.#known(id)
  }

  /** For good: its keys are deleted, its grants end, and its name is never given again. Idempotent. */
  async retire(id: AgentId, by: Actor): Promise<Agent> {
    const agent = this.#known(id)
    const { store, changes, revokeGrants } = this.#tools
    if (agent.state !== 'retired') {
      await changes.commit(
        [store.setAgentState(id, agent.state, 'retired'), store.deleteProofs(id)],
        this.#happening('agent.retire', agent, by),
        { cutOff: [{ kind: 'agent', id }] },
      )
    }
    // Also after a stop between the two: without state and keys nothing could be done with what is left.
    await revokeGrants(id, by)
    return this.#known(id)
  }

  async setOwner(id: AgentId, owner: PersonId | null, by: Actor): Promise<Agent> {
    const agent = this.#known(id)
    if (agent.state === 'retired') throw retired()
    const { store, changes } = this.#tools
    await changes.commit([store.setOwner(id, owner)], this.#happening('agent.owner', agent, by))
    return this.#known(id)
  }

  #known(id: AgentId): Agent {
    const agent = this.#tools.store.agent(id)
    if (!agent) throw new ParleyError('not_found', 'There is no such agent.')
    return agent
  }

  /** One agent must not pass for another, a retired one included. */
  #checkName(name: string): void {
    if (name.length > OWNER_NAME_MAX_LENGTH || !OWNER_NAME.test(name))
      throw new ParleyError(
        'invalid_params',
        `An agent's name is lower-case letters, digits and single hyphens, at most ${OWNER_NAME_MAX_LENGTH}.`,
      )
    const { servers, agents } = this.#tools.otherNames()
    const others = agents.filter((agent) => agent !== name)
    const alike = findConfusableName(name, [...this.list().map((agent) => agent.name), ...others])
    const server = findConfusableName(name, servers)
    if (alike === undefined && server === undefined) return
    const what = alike === undefined ? `server "${server}"` : `agent "${alike}"`
    throw new ParleyError('conflict', `The name is too easily mistaken for the ${what}; choose another.`)
  }

  async #makeProof(
    client: AgentId,
    choice: ProofChoice,
  ): Promise<{ readonly statements: Statement[]; readonly shownOnce: ShownOnce }> {
    const { store, clock, newId, random } = this.#tools
    const at = clock.now()
    if (choice.kind === 'secret') {
      const secret = createClientSecret(random)
      const proof = { id: newId('key'), client, at, secretHash: hashClientSecret(secret) }
      return { statements: [store.insertProof(proof)], shownOnce: { kind: 'secret', secret } }
    }
    if (choice.kind === 'own-keys') {
      const jwks = checkJwks(choice.jwks)
      if (isProblem(jwks)) throw new ParleyError('invalid_params', jwks.description)
      const statements = jwks.keys.map((publicKey) =>
        store.insertProof({ id: newId('key'), client, at, publicKey }),
      )
      return { statements, shownOnce: { kind: 'nothing' } }
    }
    const kid = newId('key')
    const { publicKey, privateKey } = await newSigningKey(kid)
    return {
      statements: [store.insertProof({ id: kid, client, at, publicKey })],
      shownOnce: { kind: 'private-key', privateKey },
    }
  }

  #happening(action: string, agent: Agent, by: Actor) {
    return {
      action,
      subject: by,
      chain: [{ kind: 'agent' as const, id: agent.id }],
      note: `agent ${agent.name}`,
    }
  }
}

function methodOf(proof: ProofChoice): AgentAuthMethod {
  return proof.kind === 'secret' ? 'client_secret_basic' : 'private_key_jwt'
}

function retired(): ParleyError {
  return new ParleyError('conflict', 'This agent is retired, for good. Create another one.')
}

async function newSigningKey(kid: string): Promise<{ publicKey: PublicJwk; privateKey: PublicJwk }> {
  const pair = await makeKeyPair('ec', { namedCurve: 'P-256' })
  const hints = { kid, alg: 'ES256', use: 'sig' }
  return {
    publicKey: { ...(pair.publicKey.export({ format: 'jwk' }) as PublicJwk), ...hints },
    privateKey: { ...(pair.privateKey.export({ format: 'jwk' }) as PublicJwk), ...hints },
  }
}
