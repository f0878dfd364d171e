const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

export interface LineFramingOptions {
  readonly limitBytes: number
  /** A line without its end; never empty. */
  onLine(line: Buffer): void
  /** Called once for a line over the limit, with its beginning; the rest of it is skipped. */
  onTooLong(beginning: Buffer): void
}

/** Cuts a byte stream into lines (MCP, stdio), holding at most `limitBytes` of an unfinished one. */
export class LineFraming {
  readonly #options: LineFramingOptions
  #held: Buffer[] = []
  #heldBytes = 0
  #isSkipping = false

  constructor(options: LineFramingOptions) {
    this.#options = options
  }

  push(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#take(chunk.subarray(start, end))
      this.#finish()
      start = end + 1
    }
    if (start < chunk.length) this.#take(chunk.subarray(start))
  }

  /** What stands without a line's end when the stream is over. */
  end(): void {
    this.#finish()
  }

  #take(part: Buffer): void {
    if (this.#isSkipping) return
    this.#held.push(part)
    this.#heldBytes += part.length
    if (this.#heldBytes <= this.#options.limitBytes) return
    this.#isSkipping = true
    const beginning = Buffer.concat(this.#held).subarray(0, this.#options.limitBytes)
    this.#clear()
    this.#options.onTooLong(beginning)
  }

  #finish(): void {
    this.#isSkipping = false
    if (this.#heldBytes === 0) return
    const line = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held)
    this.#clear()
    const text = line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
    if (text.length > 0) this.#options.onLine(text)
  }

  #clear(): void {
    this.#held = []
    this.#heldBytes = 0
  }
}
