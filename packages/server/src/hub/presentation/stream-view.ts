import {
  isInterrupted,
  isTerminal,
  type Artifact,
  type Part,
  type StreamResponse,
  type TaskArtifactUpdateEvent,
} from '../../a2a/index.ts'
import { Budget } from './budget.ts'
import { MAX_CONVERTED_CHARACTERS } from './convert/conversions.ts'
import { isWholeOnly, joinTexts, presentParts } from './present-parts.ts'
import { presentArtifact, presentMessage, presentStatus, presentTask, type View } from './present-task.ts'
import { Told, tellUnknown } from './told.ts'

/** An artifact under way, for one reader. */
interface Growing {
  /** Of the original, from the first part on that can only be converted whole. */
  parts: Part[]
  characters: number
  /** What stands in `parts` is all of the artifact: said again, it takes the place of what was said before. */
  readonly replaces: boolean
  /** Something came that the reader has not been told. */
  isBehind: boolean
  hasText: boolean
  readonly told: Told
  /** It has become too large: from here on it goes through as it is. */
  isGivenUp: boolean
}

/**
 * A stream as one reader takes it. A chunk is converted as it comes where that can be done piece by piece; a text that must
 * be whole is told at its last chunk, or when the task stops, in the place of what was told of it before.
 */
export class StreamView {
  #view: View
  readonly #growing = new Map<string, Growing>()
  /** By which an artifact that is told late is named. */
  #last: { readonly taskId: string; readonly contextId: string } | undefined
  readonly #heads = new Map<string, Omit<Artifact, 'parts'>>()

  constructor(view: Omit<View, 'budget'>) {
    this.#view = { ...view, budget: new Budget() }
  }

  take(event: StreamResponse): StreamResponse[] {
    this.#view = { ...this.#view, budget: new Budget() }
    if ('message' in event) return [{ message: presentMessage(this.#view, event.message, false) }]
    if ('artifactUpdate' in event) return this.#takeChunk(event.artifactUpdate)
    if ('task' in event) {
      const { task } = event
      this.#last = { taskId: task.id, contextId: task.contextId }
      if (!isTerminal(task.status.state)) for (const artifact of task.artifacts ?? []) this.#begin(artifact)
      return [{ task: presentTask(this.#view, task) }]
    }
    const { status } = event.statusUpdate
    const stops = isTerminal(status.state) || isInterrupted(status.state)
    const told = { statusUpdate: { ...event.statusUpdate, status: presentStatus(this.#view, status) } }
    return stops ? [...this.end(), told] : [told]
  }

  /** What the reader has not been told yet. */
  end(): StreamResponse[] {
    return [...this.#growing].flatMap(([id, one]) => (one.isBehind ? [this.#catchUp(id, one, false)] : []))
  }

  #begin(artifact: Artifact): Growing {
    const { parts, ...head } = artifact
    const isWhole = parts.some((part) => isWholeOnly(part, this.#view.wish))
    const growing: Growing = {
      parts: isWhole ? [...parts] : [],
      characters: isWhole ? lengthOf(parts) : 0,
      replaces: isWhole,
      isBehind: false,
      hasText: parts.some(({ text }) => !!text),
      told: new Told(),
      isGivenUp: false,
    }
    tellUnknown(growing.told, this.#view.wish, this.#view.agent)
    this.#growing.set(head.artifactId, growing)
    this.#heads.set(head.artifactId, head)
    return growing
  }

  #takeChunk(update: TaskArtifactUpdateEvent): StreamResponse[] {
    const { artifact, append, lastChunk } = update
    const { artifactId } = artifact
    this.#last = { taskId: update.taskId, contextId: update.contextId }
    const known = append === true ? this.#growing.get(artifactId) : undefined
    if (!known) {
      this.#begin(artifact)
      if (lastChunk === true) this.#forget(artifactId)
      return [{ artifactUpdate: { ...update, artifact: presentArtifact(this.#view, artifact) } }]
    }
    known.hasText ||= artifact.parts.some(({ text }) => !!text)
    const isWhole = artifact.parts.some((part) => isWholeOnly(part, this.#view.wish))
    if (known.isGivenUp || (known.parts.length === 0 && !isWhole)) return [this.#passOn(update, known)]
    return this.#keep(update, known.parts.length === 0 ? this.#anew(artifactId, known) : known)
  }

  /** Its first part that must be whole comes after others: those have been told, and stay. */
  #anew(id: string, { hasText, told }: Growing): Growing {
    const growing: Growing = {
      parts: [],
      characters: 0,
      replaces: false,
      isBehind: false,
      hasText,
      told,
      isGivenUp: false,
    }
    this.#growing.set(id, growing)
    return growing
  }

  #keep(update: TaskArtifactUpdateEvent, growing: Growing): StreamResponse[] {
    const { artifact, lastChunk } = update
    const { parts, ...head } = artifact
    this.#heads.set(artifact.artifactId, merge(this.#heads.get(artifact.artifactId), head))
    const before = growing.parts.length
    growing.parts.push(...parts)
    growing.characters += lengthOf(parts)
    if (growing.characters > MAX_CONVERTED_CHARACTERS)
      return [this.#giveUp(artifact.artifactId, growing, lastChunk)]
    growing.isBehind ||= growing.parts.length > before
    return lastChunk === true ? [this.#catchUp(artifact.artifactId, growing, true)] : []
  }

  #catchUp(id: string, growing: Growing, isLast: boolean): StreamResponse {
    const { wish, budget } = this.#view
    const { told, hasText, replaces } = growing
    const parts = presentParts(joinTexts(growing.parts, wish), wish, {
      told,
      budget,
      hasText,
      isAside: false,
    })
    growing.isBehind = false
    if (!replaces) growing.parts = []
    return this.#late(id, { parts, told, append: !replaces, isLast })
  }

  #giveUp(id: string, growing: Growing, isLast: boolean | undefined): StreamResponse {
    growing.told.unmet({
      need: 'formats',
      reason: `It is longer than the ${MAX_CONVERTED_CHARACTERS} characters that the hub converts.`,
    })
    growing.isGivenUp = true
    growing.isBehind = false
    const { parts, told, replaces } = growing
    growing.parts = []
    return this.#late(id, { parts, told, append: !replaces, isLast: isLast === true })
  }

  #late(
    id: string,
    late: { parts: readonly Part[]; told: Told; append: boolean; isLast: boolean },
  ): StreamResponse {
    const head = this.#heads.get(id)!
    const metadata = late.told.addTo(head.metadata)
    if (late.isLast) this.#forget(id)
    return {
      artifactUpdate: {
        ...this.#last!,
        artifact: { ...head, parts: late.parts, ...(metadata && { metadata }) },
        append: late.append,
        ...(late.isLast && { lastChunk: true }),
      },
    }
  }

  #passOn(update: TaskArtifactUpdateEvent, { told, hasText, isGivenUp }: Growing): StreamResponse {
    const { artifact, lastChunk } = update
    const { wish, budget } = this.#view
    const parts = isGivenUp
      ? artifact.parts
      : presentParts(artifact.parts, wish, { told, budget, hasText, isAside: false })
    const metadata = told.addTo(artifact.metadata)
    if (lastChunk === true) this.#forget(artifact.artifactId)
    return { artifactUpdate: { ...update, artifact: { ...artifact, parts, ...(metadata && { metadata }) } } }
  }

  #forget(id: string): void {
    this.#growing.delete(id)
    this.#heads.delete(id)
  }
}

function lengthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { text, raw }) => sum + (text?.length ?? 0) + (raw?.length ?? 0), 0)
}

function merge(
  before: Omit<Artifact, 'parts'> | undefined,
  head: Omit<Artifact, 'parts'>,
): Omit<Artifact, 'parts'> {
  const metadata = { ...before?.metadata, ...head.metadata }
  return { ...before, ...head, ...(Object.keys(metadata).length > 0 && { metadata }) }
}
