import { scanDefinition, type DefinitionFinding } from '../content-guard/index.ts'
import type { DefinitionKind } from './catalog.ts'
import type { SoundDefinition } from './check-definition.ts'
import { MentionFinder } from './mention-finder.ts'
import { NameIndex, isDisguised, type OfferedName } from './name-index.ts'
import { definitionKey } from './read-upstream.ts'
import type { DefinitionRow } from './registry-store.ts'

/** What becomes of one definition, to be stored with its activity record. */
export type Verdict =
  | {
      readonly kind: 'save'
      readonly definition: SoundDefinition
      /** `approved` only with a server's first definitions; `returned` is again exactly what was approved. */
      readonly change: 'approved' | 'new' | 'changed' | 'returned'
      readonly reason: string | null
    }
  | { readonly kind: 'gone'; readonly row: DefinitionRow }
  /** Was never approved and has not been offered for a day. */
  | { readonly kind: 'forget'; readonly row: DefinitionRow }

export interface Judging {
  readonly server: string
  readonly rows: ReadonlyMap<string, DefinitionRow>
  readonly offered: readonly SoundDefinition[]
  /**
   * `first`: the server's first definitions, approved with it · `all`: a whole reading · `some`: what a caller's list
   * happened to show, which says nothing of the rest.
   */
  readonly scope: 'first' | 'all' | 'some'
  /** Names approved on all servers, this one included. */
  readonly approvedNames: (kind: 'tool' | 'prompt') => readonly OfferedName[]
  readonly now: number
  /** Whether first definitions that hide text wait for a review; elsewhere it is taken out of what clients see. */
  readonly holdsHidden?: boolean
}

const FORGET_AFTER_MS = 24 * 60 * 60 * 1000
/** Definitions that nobody approved, kept per server; more stay hidden without being stored. */
export const MAX_UNAPPROVED = 2000
const MAX_REASON_LENGTH = 500
/** Of definitions that are new at one reading; beyond it they are not looked through. */
const MAX_SCANNED_BYTES = 2 * 1024 * 1024

/** Holds what a server offers against what was approved. The one place where a definition becomes approved unseen. */
export function judgeDefinitions(judging: Judging): Verdict[] {
  const { rows, scope, now } = judging
  const verdicts: Verdict[] = []
  const neighbours = new Neighbours(judging)
  const missing = new Map(rows)
  let unapproved = 0
  for (const row of rows.values()) if (row.approvedHash === null) unapproved++
  for (const definition of inOrderOfTrust(judging.offered)) {
    const key = definitionKey(definition.kind, definition.name)
    const row = rows.get(key)
    missing.delete(key)
    if (scope !== 'first' && row?.hash === definition.hash && !row.gone) continue
    const verdict = judgeOne(definition, row, { isFirst: scope === 'first', neighbours })
    if (!row && verdict.change === 'new' && ++unapproved > MAX_UNAPPROVED) continue
    verdicts.push(verdict)
  }
  if (scope === 'some') return verdicts
  for (const row of missing.values()) {
    if (!row.gone) verdicts.push({ kind: 'gone', row })
    else if (row.approvedHash === null && now - row.lastSeenAt > FORGET_AFTER_MS) {
      verdicts.push({ kind: 'forget', row })
    }
  }
  return verdicts
}

/** Of two names that look alike the plainly written one is kept. */
function inOrderOfTrust(offered: readonly SoundDefinition[]): SoundDefinition[] {
  const plain = offered.filter(({ name }) => !isDisguised(name))
  return [...plain, ...offered.filter(({ name }) => isDisguised(name))]
}

function judgeOne(
  definition: SoundDefinition,
  row: DefinitionRow | undefined,
  { isFirst, neighbours }: { isFirst: boolean; neighbours: Neighbours },
): Extract<Verdict, { kind: 'save' }> {
  const { findings, remark } = neighbours.look(definition)
  const remarks = [definition.remark, neighbours.remarkOn(definition), remark]
  if (row?.approvedHash === definition.hash) {
    return { kind: 'save', definition, change: 'returned', reason: join(remarks) }
  }
  const lookalike = neighbours.lookalikeOf(definition)
  const hides = isFirst && findings.some((finding) => finding.hides)
  const objection = objectionTo(definition, { lookalike, hides })
  if (isFirst && objection === undefined) {
    return { kind: 'save', definition, change: 'approved', reason: join(remarks) }
  }
  const hasPin = row !== undefined && row.approvedHash !== null
  const why = hasPin ? 'changed since it was approved' : 'new, not yet approved'
  return {
    kind: 'save',
    definition,
    change: hasPin ? 'changed' : 'new',
    reason: join([objection ?? why, ...remarks]),
  }
}

/** Why a definition is not approved unseen, whatever comes with it. */
function objectionTo(
  { violation }: SoundDefinition,
  { lookalike, hides }: { readonly lookalike: string | undefined; readonly hides: boolean },
): string | undefined {
  if (violation !== undefined) return `left out: ${violation}`
  if (lookalike !== undefined) return `looks like ${lookalike}`
  return hides ? 'new, and it hides text' : undefined
}

function join(parts: readonly (string | undefined)[]): string | null {
  const said = parts.filter((part) => part !== undefined)
  return said.length === 0 ? null : said.join('; ').slice(0, MAX_REASON_LENGTH)
}

/** The names around a server, looked at only when something new is judged. */
class Neighbours {
  readonly #judging: Judging
  readonly #indexes = new Map<DefinitionKind, NameIndex>()
  #mentions: MentionFinder | undefined
  #left = MAX_SCANNED_BYTES

  constructor(judging: Judging) {
    this.#judging = judging
  }

  /** Also takes the name into account for those judged after it. */
  lookalikeOf({ kind, name }: SoundDefinition): string | undefined {
    if (kind !== 'tool' && kind !== 'prompt') return undefined
    let index = this.#indexes.get(kind)
    if (!index) {
      index = new NameIndex()
      for (const known of this.#judging.approvedNames(kind)) index.add(known)
      this.#indexes.set(kind, index)
    }
    const offered = { server: this.#judging.server, name }
    const lookalike = index.lookalikeOf(offered)
    index.add(offered)
    return lookalike
  }

  /** What its texts hide, and whether that keeps it back; no more is looked through than the hub can spare. */
  look({ body, bytes }: SoundDefinition): {
    findings: readonly DefinitionFinding[]
    remark: string | undefined
  } {
    this.#left -= bytes
    if (this.#left < 0) return { findings: [], remark: 'too much came at once to look through its texts' }
    const found = scanDefinition(body)
    const rules = [...new Set(found.map(({ rule }) => rule))]
    const findings = this.#judging.holdsHidden === false ? [] : found
    return { findings, remark: rules.length === 0 ? undefined : `its text ${rules.join(', ')}` }
  }

  remarkOn({ body }: SoundDefinition): string | undefined {
    this.#mentions ??= new MentionFinder(this.#judging.server, this.#toolNames())
    const mention = this.#mentions.find(textsOf(body, 0).join('\n'))
    return mention === undefined ? undefined : `its description names ${mention}`
  }

  #toolNames(): OfferedName[] {
    const { server, offered, approvedNames } = this.#judging
    const own = offered.filter(({ kind }) => kind === 'tool').map(({ name }) => ({ server, name }))
    return [...approvedNames('tool'), ...own]
  }
}

const TEXT_MEMBERS = new Set(['title', 'description', 'text'])
const MAX_DEPTH = 64

/** What a definition says in prose, wherever it stands. */
function textsOf(value: unknown, depth: number): string[] {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return []
  return Object.entries(value).flatMap(([key, member]) =>
    typeof member === 'string' && TEXT_MEMBERS.has(key) ? [member] : textsOf(member, depth + 1),
  )
}
