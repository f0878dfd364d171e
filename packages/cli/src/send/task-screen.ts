import type { AgentEvent, Artifact, Part, TaskStatus } from '@parley/sdk/agent'
import type { Given } from '../command.ts'
import { keepFile } from './keep-file.ts'
import { stateWords } from './state-words.ts'

/**
 * What an agent tells, as it comes: how it stands goes to stderr, so that stdout has what it makes and nothing else. With
 * `--json` each event is a line.
 */
export class TaskScreen {
  readonly #given: Given
  /** Where files are kept; undefined when they are not. */
  readonly #directory: string | undefined
  /** The parts of each artifact that were shown, as JSON. */
  readonly #shown = new Map<string, string[]>()
  #artifact: string | undefined
  #line = ''
  #task: string | undefined
  #status = ''
  #isLineOpen = false

  constructor(given: Given, directory: string | undefined) {
    this.#given = given
    this.#directory = directory
  }

  show(event: AgentEvent): void {
    this.#given.event(event)
    const { message, task, statusUpdate, artifactUpdate } = event
    if (message) for (const part of message.parts) this.#showPart(part, 'file')
    if (task) {
      if (task.id !== this.#task) this.note(`task ${task.id}`)
      this.#task = task.id
      this.#showStatus(task.status)
      for (const artifact of task.artifacts ?? []) this.#showWhole(artifact)
    }
    if (artifactUpdate) {
      const { artifact, append } = artifactUpdate
      if (append === true) this.#showMore(artifact, artifact.parts)
      else this.#showWhole(artifact)
    }
    if (statusUpdate) this.#showStatus(statusUpdate.status)
  }

  /** A line about what goes on; the same is not said twice in turn. */
  note(line: string): void {
    if (line === this.#line) return
    this.#line = line
    this.endLine()
    this.#given.note(line)
  }

  /** What comes next on the terminal begins on a line of its own. */
  endLine(): void {
    if (this.#isLineOpen) this.#given.write('\n')
    this.#isLineOpen = false
  }

  #showStatus({ state, message }: TaskStatus): void {
    const words = (message?.parts ?? []).map(({ text }) => text ?? '').join(' ')
    const line = words === '' ? stateWords(state) : `${stateWords(state)}: ${words}`
    // Each stream begins with how the task stands.
    if (line !== this.#status) this.note(line)
    this.#status = line
  }

  /** One that was shown in part, or is told once more, goes on where it stood. */
  #showWhole(artifact: Artifact): void {
    const shown = this.#shown.get(artifact.artifactId) ?? []
    const texts = artifact.parts.map((part) => JSON.stringify(part))
    const isLonger = shown.every((text, at) => text === texts[at])
    if (!isLonger) this.#shown.delete(artifact.artifactId)
    if (!isLonger) this.#artifact = undefined
    this.#showMore(artifact, isLonger ? artifact.parts.slice(shown.length) : artifact.parts)
  }

  #showMore({ artifactId, name }: Artifact, parts: readonly Part[]): void {
    if (parts.length === 0) return
    const shown = this.#shown.get(artifactId) ?? []
    this.#shown.set(artifactId, shown)
    const title = typeof name === 'string' && name !== '' ? name : artifactId
    if (this.#artifact !== artifactId) this.note(`artifact ${title}`)
    this.#artifact = artifactId
    for (const part of parts) {
      shown.push(JSON.stringify(part))
      this.#showPart(part, title)
    }
  }

  #showPart(part: Part, title: string): void {
    const { text, data, url, raw, filename, mediaType } = part
    const name = typeof filename === 'string' && filename !== '' ? filename : title
    if (typeof text === 'string') this.#write(text)
    else if (typeof url === 'string') this.note(`file ${name} is at ${url}`)
    else if (typeof raw === 'string') this.#showFile(Buffer.from(raw, 'base64'), { name, mediaType })
    else if (data !== undefined) this.#write(`${JSON.stringify(data, null, 2)}\n`)
  }

  #showFile(bytes: Buffer, { name, mediaType }: { name: string; mediaType: unknown }): void {
    const about = `${typeof mediaType === 'string' ? `${mediaType}, ` : ''}${bytes.length} bytes`
    if (this.#directory === undefined) return this.note(`file ${name} (${about}); --out DIR keeps it`)
    this.note(`file ${keepFile(this.#directory, name, bytes)} (${about})`)
  }

  #write(text: string): void {
    if (text === '') return
    this.#line = ''
    this.#given.write(text)
    this.#isLineOpen = !text.endsWith('\n')
  }
}
