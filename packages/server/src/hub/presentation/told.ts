import { PRESENTATION_EXTENSION } from '@parley/contract'
import type { AgentEntry } from '../../directory/index.ts'
import { isObject, type JsonObject } from '../../lib/json-rpc.ts'
import type { Wish } from './wish.ts'

export interface Converted {
  readonly from: string
  readonly to: string
  /** What the words are made from: the content itself, what the agent gave beside it, or nothing but a statement. */
  readonly means: 'content' | 'alt' | 'transcript' | 'sibling' | 'statement'
}

export interface Unmet {
  readonly need: string
  readonly reason: string
}

/** What became of needs, as the hub says it. */
export class Told {
  readonly #converted = new Map<string, Converted>()
  readonly #unmet = new Map<string, Unmet>()
  readonly #met = new Set<string>()

  converted(one: Converted): void {
    this.#put(this.#converted, `${one.from} ${one.to} ${one.means}`, one)
  }

  unmet(one: Unmet): void {
    this.#put(this.#unmet, `${one.need} ${one.reason}`, one)
  }

  met(need: string): void {
    this.#met.add(need)
  }

  get isNothing(): boolean {
    return this.#converted.size === 0 && this.#unmet.size === 0 && this.#met.size === 0
  }

  /** Beside what the agent says; nobody can say it in the hub's name. */
  addTo(metadata: JsonObject | undefined): JsonObject | undefined {
    const said = metadata?.[PRESENTATION_EXTENSION]
    if (this.isNothing && said === undefined) return metadata
    const agent = isObject(said) ? said : {}
    const failed = new Set([...this.#unmet.values()].map(({ need }) => need))
    const met = [
      ...ofAgent(agent['met']),
      ...[...this.#met].filter((need) => !failed.has(need)).map((need) => ({ need, by: 'hub' })),
    ]
    const unmet = [
      ...ofAgent(agent['unmet']),
      ...[...this.#unmet.values()].map((one) => ({ ...one, by: 'hub' })),
    ]
    const converted = [
      ...ofAgent(agent['converted']),
      ...[...this.#converted.values()].map((one) => ({ ...one, by: 'hub' })),
    ]
    const answer = {
      ...agent,
      ...(met.length > 0 && { met }),
      ...(unmet.length > 0 && { unmet }),
      ...(converted.length > 0 && { converted }),
    }
    return { ...metadata, [PRESENTATION_EXTENSION]: answer }
  }

  #put<Value>(into: Map<string, Value>, key: string, value: Value): void {
    if (into.size < MAX_TOLD) into.set(key, value)
  }
}

const MAX_TOLD = 50

function ofAgent(list: unknown): JsonObject[] {
  if (!Array.isArray(list)) return []
  return list.slice(0, MAX_TOLD).flatMap((one: unknown) => {
    if (typeof one === 'string') return [{ need: one.slice(0, 100), by: 'agent' }]
    return isObject(one) ? [{ ...one, by: 'agent' }] : []
  })
}

/** What nobody can promise where an agent does not know the extension. */
export function tellUnknown(told: Told, { needs }: Wish, agent: AgentEntry): void {
  if (isAware(agent)) return
  const others = (['length', 'readingLevel', 'background'] as const).filter(
    (need) => needs[need] !== undefined,
  )
  for (const need of others) told.unmet({ need, reason: 'The agent does not know this extension.' })
  if (needs.accessibility?.includes('reducedMotion'))
    told.unmet({ need: 'reducedMotion', reason: 'The agent does not know this extension.' })
  if (needs.language !== undefined)
    told.unmet({
      need: 'language',
      reason: 'The agent was told the languages alone, and does not say whether it knows them.',
    })
}

export function isAware({ extensions }: AgentEntry): boolean {
  return extensions.some(({ uri }) => uri === PRESENTATION_EXTENSION)
}
