/** Reads the `data` of complete server-sent events out of text as it arrives; what is incomplete waits. */
export class EventReader {
  #rest = ''

  /** The data of each event that became complete with this text. Comments and other fields are dropped. */
  push(text: string): string[] {
    this.#rest += text
    const events: string[] = []
    for (;;) {
      const end = /\r?\n\r?\n/.exec(this.#rest)
      if (!end) return events
      const block = this.#rest.slice(0, end.index)
      this.#rest = this.#rest.slice(end.index + end[0].length)
      const data = block
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).replace(/^ /, ''))
      if (data.length > 0) events.push(data.join('\n'))
    }
  }
}
