import { ParleyError } from '@parley/contract'
import type { Activity } from '../activity/index.ts'
import type { Outlet } from '../egress/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { NewId } from '../lib/random.ts'
import type { Store } from '../store/index.ts'
import { AgentChanges } from './agent-changes.ts'
import { healthOf, type AgentHealth } from './agent-health.ts'
import { AgentNames, type OtherName } from './agent-names.ts'
import type { AgentRow, AgentTerms, SeenCard } from './agent-row.ts'
import { AgentSearch, type AgentQuery, type FoundAgents, type Visible } from './agent-search.ts'
import { AgentStore } from './agent-store.ts'
import { CardKeeper, WAITS, type CardReview } from './card-keeper.ts'
import { CardReader } from './card-reader.ts'
import type { AgentEntry } from './directory.ts'
import { findCard, type FoundCard } from './find-card.ts'
import { Gate } from './gate.ts'
import { seenCard } from './hash-card.ts'
import { judgeCard } from './judge-card.ts'
import type { AgentTest, ManagedDirectory, NewAgent, NewKeys } from './managed-directory.ts'
import { emptyRow, newRow, type AgentOrigin } from './new-row.ts'
import { isAsDeclared, readDeclared, type DeclaredAgent } from './read-declared.ts'
import { readKeys } from './read-keys.ts'
import { readAddress, readHosts, readTerms } from './read-new-agent.ts'
import { ServedAgent, type AgentIdentity, type OpenLink } from './served-agent.ts'
import { testAgent } from './test-agent.ts'

export interface DirectoryOptions {
  readonly store: Store
  readonly activity: Pick<Activity, 'statement'>
  readonly clock: Clock
  readonly newId: NewId
  readonly declared: readonly DeclaredAgent[]
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

interface Tended {
  readonly agent: ServedAgent
  readonly keeper: CardKeeper
  readonly reader: CardReader
}

const READ_AT_ONCE = 16
const FILE_ACTOR = 'parley.yaml'

export async function createDirectory(options: DirectoryOptions): Promise<ManagedDirectory> {
  const directory = new AgentDirectory(options)
  await directory.start()
  return directory
}

class AgentDirectory implements ManagedDirectory {
  readonly #options: DirectoryOptions
  readonly #rows: AgentStore
  readonly #changes: AgentChanges
  readonly #names: AgentNames
  readonly #gate = new Gate(READ_AT_ONCE)
  readonly #tended = new Map<string, Tended>()
  readonly #listeners = new Set<(name: string) => void>()
  readonly #search = new AgentSearch(this)
  #sorted: readonly ServedAgent[] | undefined
  version = 0

  constructor(options: DirectoryOptions) {
    this.#options = options
    this.#rows = new AgentStore(options.store)
    this.#changes = new AgentChanges(options)
    this.#names = new AgentNames({
      agents: () => this.agents(),
      identityOf: options.identityOf,
      others: options.otherNames,
    })
  }

  /** Makes the stored agents and the declared ones agree, and begins to read cards. */
  async start(): Promise<void> {
    const declared = new Map(this.#options.declared.map((one) => [one.name, one]))
    for (const row of this.#rows.agents()) await this.#reconcile(row, declared.get(row.name))
    for (const one of declared.values()) {
      if (this.#tended.has(one.name)) continue
      await this.#names.claim(one.name, () => this.#declare(one, undefined))
    }
    for (const { card, name } of declared.values())
      if (card) await this.#find(name).keeper.sight(seenCard(card))
    for (const { reader } of this.#tended.values()) reader.start()
  }

  entry(name: string): AgentEntry | undefined {
    return this.#tended.get(name)?.agent.entry
  }

  entries(): readonly AgentEntry[] {
    return this.agents()
      .map(({ entry }) => entry)
      .filter((entry) => entry !== undefined)
  }

  search(query: AgentQuery, visible: Visible): FoundAgents {
    return this.#search.search(query, visible)
  }

  agents(): readonly ServedAgent[] {
    return (this.#sorted ??= [...this.#tended.values()]
      .map(({ agent }) => agent)
      .toSorted((one, other) => (one.name < other.name ? -1 : 1)))
  }

  agent(name: string): ServedAgent {
    return this.#find(name).agent
  }

  health(name: string): AgentHealth {
    const { agent, reader } = this.#find(name)
    return healthOf(reader.health, agent.linkHealth)
  }

  onChange(listener: (name: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  add(agent: NewAgent, actor: string): Promise<ServedAgent> {
    const { name, pending } = agent
    return this.#names.claim(name, async () => {
      const terms = readTerms(agent)
      const { cardUrl, seen, found } = await this.#readNew(agent)
      const given = { name, source: 'api' as const, cardUrl, terms }
      const judged = judgeCard(seen.body, { ...given, keys: [] }, this.#options.clock.now())
      if (judged.kind !== 'usable') throw new ParleyError('invalid_params', judged.why)
      const other = this.#names.lookalikeOf(judged.card.name, name)
      const reason = other === undefined ? null : `it calls itself like ${other}`
      return this.#insert(given, { seen, reason: pending === true ? WAITS : reason, actor, found })
    })
  }

  async register(name: string, card: JsonObject, actor: string): Promise<ServedAgent> {
    const seen = seenCard(card)
    const known = this.#tended.get(name)
    if (known && known.agent.row.source !== 'self')
      throw new ParleyError('conflict', 'An administrator has added a card for this agent.')
    const terms = known?.agent.row.terms ?? readTerms({})
    const given = { name, source: 'self' as const, cardUrl: null, terms }
    const judged = judgeCard(card, { ...given, keys: [] }, this.#options.clock.now())
    if (judged.kind === 'unreadable') throw new ParleyError('invalid_params', judged.why)
    if (known) {
      await known.keeper.sight(seen)
      return known.agent
    }
    // Where it may be is for the reviewer to say: it is the agent that names the hosts.
    const reason = judged.kind === 'usable' ? WAITS : judged.why
    return this.#names.claim(name, () => this.#insert(given, { seen, reason, actor, found: undefined }))
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
    refuseDeclared(agent)
    const hosts = terms.allowHosts === undefined ? {} : { allowHosts: readHosts(terms.allowHosts) }
    await keeper.setTerms({ ...terms, ...hosts }, actor)
    return agent
  }

  async addKeys(name: string, keys: NewKeys, actor: string): Promise<ServedAgent> {
    const { agent, keeper, reader } = this.#find(name)
    refuseDeclared(agent)
    await keeper.addKeys(readKeys(keys, this.#options.clock.now()), actor)
    // It may be signed by now.
    await reader.refresh()
    return agent
  }

  async removeKey(name: string, kid: string, actor: string): Promise<ServedAgent> {
    const { agent, keeper } = this.#find(name)
    refuseDeclared(agent)
    await keeper.removeKey(kid, actor)
    return agent
  }

  async refresh(name: string): Promise<ServedAgent> {
    const { agent, reader } = this.#find(name)
    await reader.refresh()
    return agent
  }

  test(name: string): Promise<AgentTest> {
    return testAgent(this.#find(name).agent, this.#options)
  }

  async remove(name: string, actor: string): Promise<void> {
    const tended = this.#find(name)
    refuseDeclared(tended.agent)
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

  /**
   * A stored agent goes on as it is where it is still meant: its card at the same address, from the same hand. One that is
   * declared with another address begins anew and waits for a review (T2).
   */
  async #reconcile(row: AgentRow, declared: DeclaredAgent | undefined): Promise<void> {
    if (!declared && row.source !== 'file') return void this.#tend(row)
    if (!declared) {
      const note = `${row.name} is no longer declared`
      await this.#changes.commit([this.#rows.remove(row.name)], {
        action: 'card.remove',
        subject: FILE_ACTOR,
        note,
      })
      return
    }
    if (row.source !== 'file' || row.cardUrl !== declared.cardUrl) return this.#declare(declared, row)
    const { keeper } = this.#tend(row)
    const said = readDeclared(declared, this.#options.clock.now())
    if (!isAsDeclared(row, said)) await keeper.declare(said, FILE_ACTOR)
  }

  /** One unit: a stop between the end of an approval and its new beginning must not make it a new agent. */
  async #declare(declared: DeclaredAgent, replaces: AgentRow | undefined): Promise<void> {
    const { clock, limit } = this.#options
    const { name, cardUrl } = declared
    const { terms, keys } = readDeclared(declared, clock.now())
    const state = replaces?.source === 'file' ? 'pending' : 'approved'
    const row = emptyRow({ name, source: 'file', state, cardUrl, terms, keys }, clock.now())
    const note = `${name} is declared with another card; its approval ends, and \`parley agents review\` shows it`
    await this.#changes.commit(
      [
        ...(replaces ? [this.#rows.remove(name)] : []),
        this.#rows.insert(row, limit),
        ...keys.map((key) => this.#rows.insertKey(name, key)),
      ],
      [
        ...(replaces ? [{ action: 'card.remove', subject: FILE_ACTOR, note }] : []),
        { action: 'card.add', subject: FILE_ACTOR, note: name },
      ],
      `There are ${limit} agents already.`,
    )
    this.#tend(row)
  }

  async #readNew({
    name,
    cardUrl,
    card,
  }: NewAgent): Promise<{ cardUrl: string | null; seen: SeenCard; found: FoundCard | undefined }> {
    if ((cardUrl === undefined) === (card === undefined))
      throw new ParleyError('invalid_params', 'Send either url, where the card is, or card itself.')
    if (card !== undefined) return { cardUrl: null, seen: seenCard(card), found: undefined }
    const typed = readAddress(cardUrl!)
    const outlet = this.#options.openOutlet(typed.href, name)
    const found = await findCard(outlet, typed).finally(() => outlet.destroy())
    return { cardUrl: found.url, seen: seenCard(found.fetched.body), found }
  }

  async #insert(
    given: AgentOrigin,
    how: { seen: SeenCard; reason: string | null; actor: string; found: FoundCard | undefined },
  ): Promise<ServedAgent> {
    const { seen, reason, actor, found } = how
    const { limit, clock } = this.#options
    const row = newRow(given, { seen, reason, by: { actor, at: clock.now() } })
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

  #tend(row: AgentRow): Tended {
    const { clock, log, openOutlet } = this.#options
    const agent = new ServedAgent(row, this.#options)
    const keeper = new CardKeeper({
      agent,
      rows: this.#rows,
      changes: this.#changes,
      clock,
      lookalikeOf: (title, name) => this.#names.lookalikeOf(title, name),
      onChange: () => this.#announce(row.name),
    })
    const take = (seen: SeenCard) => keeper.sight(seen)
    const reader = new CardReader({ row: () => agent.row, clock, gate: this.#gate, openOutlet, take, log })
    const tended = { agent, keeper, reader }
    this.#tended.set(row.name, tended)
    this.#sorted = undefined
    return tended
  }

  #announce(name: string): void {
    this.version++
    this.#sorted = undefined
    for (const listener of this.#listeners) listener(name)
  }
}

function refuseDeclared({ row }: ServedAgent): void {
  if (row.source !== 'file') return
  throw new ParleyError(
    'conflict',
    `"${row.name}" stands in parley.yaml; change it there and start the hub again.`,
  )
}

async function close({ agent, reader }: Tended): Promise<void> {
  await Promise.allSettled([reader.stop(), agent.close()])
}
