import type { Clock } from '../lib/clock.ts'
import { LineFraming } from './line-framing.ts'

const MAX_LINE = 2000
const LINES_PER_SECOND = 100
/** Terminal control sequences and other control characters, which have no place in a log. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/**
 * Hands a process's error output to the log, line by line. Beyond 100 lines a second lines are only counted, so that
 * a process cannot fill the log.
 */
export class ErrorOutput {
  readonly #clock: Clock
  readonly #onLog: (line: string) => void
  readonly #lines: LineFraming
  #windowMicros = -Infinity
  #count = 0

  constructor(clock: Clock, onLog: (line: string) => void) {
    this.#clock = clock
    this.#onLog = onLog
    this.#lines = new LineFraming({
      limitBytes: MAX_LINE,
      onLine: (line) => this.line(line),
      onTooLong: (line) => this.line(line),
    })
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk)
  }

  line(line: Buffer): void {
    const now = this.#clock.monotonicMicros()
    if (now - this.#windowMicros >= 1_000_000) {
      if (this.#count > LINES_PER_SECOND)
        this.#onLog(`(${this.#count - LINES_PER_SECOND} further lines were dropped)`)
      this.#windowMicros = now
      this.#count = 0
    }
    if (++this.#count > LINES_PER_SECOND) return
    const text = line.toString('utf8', 0, MAX_LINE).replace(CONTROL, ' ').trim()
    if (text !== '') this.#onLog(text)
  }
}
