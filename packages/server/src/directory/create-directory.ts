import { ParleyError } from '@parley/contract'
import type { Activity } from '../activity/index.ts'
import { findConfusableName } from '../config/index.ts'
import type { Outlet } from '../egress/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { NewId } from '../lib/random.ts'
import type { Store } from '../store/index.ts'
import { AgentChanges } from './agent-changes.ts'
import type { AgentRow, AgentTerms, SeenCard } from './agent-row.ts'
import { AgentStore } from './agent-store.ts'
import { CardKeeper, type CardReview } from './card-keeper.ts'
import { CardReader, type CardHealth } from './card-reader.ts'
import type { AgentEntry } from './directory.ts'
import { findCard, type FoundCard } from './find-card.ts'
import { findLookalike, type KnownName } from './find-lookalike.ts'
import { Gate } from './gate.ts'
import { hashCard } from './hash-card.ts'
import { judgeCard } from './judge-card.ts'
import type { ManagedDirectory, NewAgent } from './managed-directory.ts'
import { readAddress, readHosts } from './read-new-agent.ts'
import { ServedAgent, type AgentIdentity, type OpenLink } from './served-agent.ts'

export interface DirectoryOptions {
  readonly store: Store
  readonly activity: Pick<Activity, 'statement'>
  readonly clock: Clock
  readonly newId: NewId
  /** Agents that there may be. */
  readonly limit: number
  /** The way to where a card is; an administrator pointed there. */
  readonly openOutlet: (url: string, agent: string) => Outlet
  readonly openLink: OpenLink
  /** The workload of that name. */
  readonly identityOf: (name: string) => AgentIdentity | undefined
  /** Servers and workloads: no agent may be taken for one that is not itself. */
  readonly otherNames: () => readonly OtherName[]
  readonly log: (message: string, detail: Readonly<Record<string, unknown>>) => void
}

export interface OtherName {
  readonly kind: 'server' | 'workload'
  readonly name: string
}

interface Tended {
  readonly agent: ServedAgent
  readonly keeper: CardKeeper
  readonly reader: CardReader
}

/** A card that was found or sent, with what is known of its age. */
type NewCard = { readonly cardUrl: string | null; readonly seen: SeenCard; readonly found?: FoundCard }

const READ_AT_ONCE = 16

export async function createDirectory(options: DirectoryOptions): Promise<ManagedDirectory> {
  const directory = new AgentDirectory(options)
  await directory.start()
  return directory
}

class AgentDirectory implements ManagedDirectory {
  readonly #options: DirectoryOptions
  readonly #rows: AgentStore
  readonly #changes: AgentChanges
  readonly #gate = new Gate(READ_AT_ONCE)
  readonly #tended = new Map<string, Tended>()
  readonly #listeners = new Set<(name: string) => void>()
  readonly #adding = new Set<string>()
  version = 0

  constructor(options: DirectoryOptions) {
    this.#options = options
    this.#rows = new AgentStore(options.store)
    this.#changes = new AgentChanges(options)
  }

  async start(): Promise<void> {
    for (const row of this.#rows.agents()) this.#tend(row).reader.start()
  }

  entry(name: string): AgentEntry | undefined {
    return this.#tended.get(name)?.agent.entry
  }

  entries(): readonly AgentEntry[] {
    return this.agents()
      .map(({ entry }) => entry)
      .filter((entry) => entry !== undefined)
  }

  agents(): readonly ServedAgent[] {
    const agents = [...this.#tended.values()].map(({ agent }) => agent)
    return agents.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  }

  agent(name: string): ServedAgent {
    return this.#find(name).agent
  }

  onChange(listener: (name: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  health(name: string): CardHealth {
    return this.#find(name).reader.health
  }

  async add(agent: NewAgent, actor: string): Promise<ServedAgent> {
    const { name } = agent
    this.#refuseName(name)
    this.#adding.add(name)
    try {
      const terms = termsOf(agent)
      const card = await this.#readNew(agent)
      return await this.#insert({ name, source: 'api', cardUrl: card.cardUrl, terms }, { card, agent, actor })
    } finally {
      this.#adding.delete(name)
    }
  }

  async approve(name: string, review: CardReview, actor: string): Promise<ServedAgent> {
    const { agent, keeper } = this.#find(name)
    await keeper.approve({ ...review, allowHosts: readHosts(review.allowHosts ?? []) }, actor)
    return agent
  }

  async reject(name: string, hash: string, actor: string): Promise<ServedAgent> {
    const { agent, keeper } = this.#find(name)
    await keeper.reject(hash, actor)
    return agent
  }

  async setTerms(name: string, terms: Partial<AgentTerms>, actor: string): Promise<ServedAgent> {
    const { agent, keeper } = this.#find(name)
    this.#refuseDeclared(agent)
    const hosts = terms.allowHosts === undefined ? {} : { allowHosts: readHosts(terms.allowHosts) }
    await keeper.setTerms({ ...terms, ...hosts }, actor)
    return agent
  }

  async refresh(name: string): Promise<ServedAgent> {
    const { agent, reader } = this.#find(name)
    await reader.refresh()
    return agent
  }

  async remove(name: string, actor: string): Promise<void> {
    const tended = this.#find(name)
    this.#refuseDeclared(tended.agent)
    await tended.keeper.end(async () => {
      await this.#changes.commit([this.#rows.remove(name)], {
        action: 'card.remove',
        subject: actor,
        note: name,
      })
      this.#tended.delete(name)
    })
    this.#announce(name)
    await close(tended)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#tended.values()].map(close))
  }

  #find(name: string): Tended {
    const tended = this.#tended.get(name)
    if (tended) return tended
    throw new ParleyError('not_found', `There is no agent "${name}" that can be asked.`)
  }

  #refuseDeclared({ row }: ServedAgent): void {
    if (row.source !== 'file') return
    throw new ParleyError(
      'conflict',
      `"${row.name}" stands in parley.yaml; change it there and start the hub again.`,
    )
  }

  /** An agent that has an identity here has the name of its workload; otherwise it must not be taken for anything else (H7). */
  #refuseName(name: string): void {
    if (this.#tended.has(name) || this.#adding.has(name))
      throw new ParleyError('conflict', `There is an agent "${name}" with a card already.`)
    if (this.#options.identityOf(name)?.state === 'retired')
      throw new ParleyError('conflict', `The agent "${name}" is retired, and its name is never given again.`)
    const others = this.#options.otherNames().filter((one) => one.kind === 'server' || one.name !== name)
    const taken = [...this.#tended.keys(), ...this.#adding, ...others.map((one) => one.name)]
    const other = findConfusableName(name, taken)
    if (other === undefined) return
    throw new ParleyError(
      'conflict',
      other === name
        ? `There is a server "${name}"; choose another name.`
        : `"${name}" is too easily mistaken for "${other}"; choose another name.`,
    )
  }

  async #readNew({ name, cardUrl, card }: NewAgent): Promise<NewCard> {
    if ((cardUrl === undefined) === (card === undefined))
      throw new ParleyError('invalid_params', 'Send either url, where the card is, or card itself.')
    if (card !== undefined) return { cardUrl: null, seen: { body: card, hash: hashCard(card) } }
    const typed = readAddress(cardUrl!)
    const outlet = this.#options.openOutlet(typed.href, name)
    const found = await findCard(outlet, typed).finally(() => outlet.destroy())
    const { body } = found.fetched
    return { cardUrl: found.url, seen: { body, hash: hashCard(body) }, found }
  }

  async #insert(
    given: Pick<AgentRow, 'name' | 'source' | 'cardUrl' | 'terms'>,
    { card, agent, actor }: { card: NewCard; agent: NewAgent; actor: string },
  ): Promise<ServedAgent> {
    const { seen, found } = card
    const judged = judgeCard(seen, given)
    if (judged.kind === 'unusable') throw new ParleyError('invalid_params', judged.why)
    const reason = agent.pending === true ? WAITS : this.#reasonToLook(judged.card.name, given.name)
    const by = { actor, at: this.#options.clock.now() }
    const row = newRow(given, { seen, reason, by })
    const { limit } = this.#options
    await this.#changes.commit(
      [this.#rows.insert(row, limit)],
      {
        action: 'card.add',
        subject: actor,
        note: `${given.name}${reason === null ? '' : `: ${reason}`}`,
        definitionHash: seen.hash,
      },
      `There is an agent "${given.name}" already, or there are ${limit} agents.`,
    )
    const tended = this.#tend(row)
    tended.reader.start(found && { seen, ...found.fetched })
    this.#announce(row.name)
    return tended.agent
  }

  #reasonToLook(title: string, name: string): string | null {
    const other = this.#lookalikeOf(title, name)
    return other === undefined ? null : `it calls itself like ${other}`
  }

  #tend(row: AgentRow): Tended {
    const { clock, log, openOutlet } = this.#options
    const agent = new ServedAgent(row, this.#options)
    const keeper = new CardKeeper({
      agent,
      rows: this.#rows,
      changes: this.#changes,
      clock,
      lookalikeOf: (title, name) => this.#lookalikeOf(title, name),
      onChange: () => this.#announce(row.name),
    })
    const take = (seen: SeenCard) => keeper.sight(seen)
    const reader = new CardReader({ row: () => agent.row, clock, gate: this.#gate, openOutlet, take, log })
    const tended = { agent, keeper, reader }
    this.#tended.set(row.name, tended)
    return tended
  }

  #lookalikeOf(title: string, agent: string): string | undefined {
    const agents: KnownName[] = [...this.#tended.values()]
      .filter((one) => one.agent.name !== agent)
      .map((one) => ({
        what: `the agent "${one.agent.name}"`,
        names: [one.agent.name, one.agent.usable?.card.name ?? one.agent.name],
      }))
    const others: KnownName[] = this.#options
      .otherNames()
      .filter(({ name }) => name !== agent)
      .map(({ kind, name }) => ({ what: `the ${kind} "${name}"`, names: [name] }))
    return findLookalike(title, [...agents, ...others])
  }

  #announce(name: string): void {
    this.version++
    for (const listener of this.#listeners) listener(name)
  }
}

const WAITS = 'waits for its first review'

function newRow(
  given: Pick<AgentRow, 'name' | 'source' | 'cardUrl' | 'terms'>,
  { seen, reason, by }: { seen: SeenCard; reason: string | null; by: { actor: string; at: number } },
): AgentRow {
  const isApproved = reason === null
  return {
    ...given,
    state: isApproved ? 'approved' : 'pending',
    card: seen.body,
    cardHash: seen.hash,
    reason,
    approvedCard: isApproved ? seen.body : null,
    approvedHash: isApproved ? seen.hash : null,
    approvedBy: isApproved ? by.actor : null,
    approvedAt: isApproved ? by.at : null,
    addedAt: by.at,
  }
}

function termsOf(agent: NewAgent): AgentTerms {
  return Object.freeze({
    allowHosts: readHosts(agent.allowHosts ?? []),
    isPublic: agent.isPublic === true,
    ...(agent.binding === undefined ? {} : { binding: agent.binding }),
    ...(agent.version === undefined ? {} : { version: agent.version }),
  })
}

async function close({ agent, reader }: Tended): Promise<void> {
  await Promise.allSettled([reader.stop(), agent.close()])
}
