import { ParleyError, capabilityName, type CapabilityName } from '@parley/contract'
import type { AgentCard, AgentSkill } from '../a2a/index.ts'
import { ToolIndex } from '../tool-search/index.ts'
import type { AgentEntry, Directory } from './directory.ts'
import { MAX_INDEXED_SKILLS, toSearchable } from './searchable-skill.ts'
import { matchesFilter, type SkillFilter } from './skill-filter.ts'

export interface AgentQuery extends SkillFilter {
  /** What is to be done, in words; without it all agents come, by name. */
  readonly text?: string | undefined
  /** 1 to 50; 10 when absent. */
  readonly limit?: number | undefined
  /** `next` of the page before. */
  readonly cursor?: string | undefined
}

/** An agent and those of its skills that were asked for, best first. */
export interface FoundAgent {
  readonly entry: AgentEntry
  readonly skills: readonly AgentSkill[]
}

export interface FoundAgents {
  readonly found: readonly FoundAgent[]
  readonly next: string | null
}

/** Which capabilities the caller may use. */
export type Visible = (capability: CapabilityName) => boolean

interface IndexedSkill {
  readonly agent: string
  readonly skill: AgentSkill
}

interface Indexed {
  readonly card: AgentCard
  readonly skills: readonly IndexedSkill[]
}

const DEFAULT_LIMIT = 10
const MAX_LIMIT = 50
const MAX_TEXT = 1000
/** Hits that are looked at for further skills of the agents found, for each agent. */
const MORE_SKILLS = 10

/**
 * Finds agents by what they do, among those that the caller may ask. The index is brought up to date at a search, with
 * what has changed since the one before: hubs where nobody searches pay nothing.
 */
export class AgentSearch {
  readonly #directory: Pick<Directory, 'version' | 'entry' | 'entries'>
  readonly #index = new ToolIndex<IndexedSkill>()
  readonly #indexed = new Map<string, Indexed>()
  #version = -1

  constructor(directory: Pick<Directory, 'version' | 'entry' | 'entries'>) {
    this.#directory = directory
  }

  search(query: AgentQuery, visible: Visible): FoundAgents {
    const limit = Math.min(MAX_LIMIT, Math.max(1, Math.trunc(query.limit ?? DEFAULT_LIMIT)))
    const from = readCursor(query.cursor)
    const text = query.text?.slice(0, MAX_TEXT).trim() ?? ''
    const accepts = (entry: AgentEntry, skill: AgentSkill) =>
      visible(skillCapability(entry.name, skill)) && matchesFilter(entry.card, skill, query)
    // One more than is shown tells whether there is a next page.
    const wanted = from + limit + 1
    const found =
      text === '' ? this.#list(wanted, accepts, query, visible) : this.#find(text, wanted, accepts)
    const page = found.slice(from, from + limit)
    return { found: page, next: found.length > from + limit ? writeCursor(from + limit) : null }
  }

  #list(
    wanted: number,
    accepts: (entry: AgentEntry, skill: AgentSkill) => boolean,
    filter: SkillFilter,
    visible: Visible,
  ): FoundAgent[] {
    const isFiltered = [filter.skill, filter.tag, filter.inputMode, filter.outputMode].some(
      (one) => one !== undefined,
    )
    const found: FoundAgent[] = []
    for (const entry of this.#directory.entries()) {
      if (found.length >= wanted) break
      const skills = entry.skills.filter((skill) => accepts(entry, skill))
      // One that names no skill can be asked by those who may use whatever it does.
      const isOpen = !isFiltered && entry.skills.length === 0 && visible(`skill:${entry.name}/*`)
      if (skills.length > 0 || isOpen) found.push({ entry, skills })
    }
    return found
  }

  /** Agents in the order of their best skill. */
  #find(
    text: string,
    wanted: number,
    accepts: (entry: AgentEntry, skill: AgentSkill) => boolean,
  ): FoundAgent[] {
    this.#update()
    const found = new Map<string, { readonly entry: AgentEntry; readonly skills: AgentSkill[] }>()
    let looked = 0
    for (const { key } of this.#index.best(text)) {
      const known = found.get(key.agent)
      // What comes much later is of no use to whoever looks at the first.
      if (found.size >= wanted && looked++ > MORE_SKILLS * wanted) break
      if (!known && found.size >= wanted) continue
      const entry = known?.entry ?? this.#directory.entry(key.agent)
      if (!entry || !accepts(entry, key.skill)) continue
      if (known) known.skills.push(key.skill)
      else found.set(key.agent, { entry, skills: [key.skill] })
    }
    return [...found.values()]
  }

  #update(): void {
    const { version } = this.#directory
    if (version === this.#version) return
    this.#version = version
    const entries = new Map(this.#directory.entries().map((entry) => [entry.name, entry]))
    for (const [name, { card, skills }] of this.#indexed) {
      if (entries.get(name)?.card === card) continue
      for (const skill of skills) this.#index.remove(skill)
      this.#indexed.delete(name)
    }
    for (const [name, { card }] of entries) {
      if (!this.#indexed.has(name)) this.#indexed.set(name, this.#add(name, card))
    }
  }

  #add(agent: string, card: AgentCard): Indexed {
    const skills = card.skills.slice(0, MAX_INDEXED_SKILLS).map((skill) => ({ agent, skill }))
    for (const indexed of skills) this.#index.add(indexed, toSearchable(agent, card, indexed.skill))
    return { card, skills }
  }
}

function skillCapability(agent: string, { id }: Pick<AgentSkill, 'id'>): CapabilityName {
  return capabilityName({ kind: 'skill', owner: agent, name: id })
}

/** The place in the order of the answer; agents that come or go in between may be met twice or missed. */
function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  if (/^[0-9a-z]{1,6}$/.test(cursor)) return parseInt(cursor, 36)
  throw new ParleyError('invalid_params', 'The cursor is not one of this hub; begin again without it.')
}

function writeCursor(at: number): string {
  return at.toString(36)
}
