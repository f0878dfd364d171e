import { ParleyError } from '@parley/contract'
import { SseParser, encodeEvent } from '../lib/sse.ts'
import type { Envelope } from '../lib/strict-json/index.ts'
import type { Report } from '../upstream/index.ts'
import type { Call } from './call.ts'
import { scanServerMessage, type Answer } from './lane-answer.ts'
import { META } from './protocol.ts'

/** What a piece of a server's stream comes to. */
export interface Passed {
  /** What the client gets of it, in order. */
  readonly passed: readonly (Buffer | string)[]
  /** Set when the response was among it; it is in `passed` already. */
  readonly answer: Answer | undefined
}

/** Notifications that only a subscription brings (MCP 2026-07-28, Subscriptions). */
const OF_SUBSCRIPTIONS: ReadonlySet<string> = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/subscriptions/acknowledged',
  'notifications/cancelled',
])

const PROGRESS = 'notifications/progress'

type Verdict = 'pass' | 'drop' | 'read' | { readonly instead: string }

const LF = 0x0a
const CR = 0x0d
const MESSAGE_LINE = Buffer.from('event: message\n')
const DATA = Buffer.from('data: ')
const MAX_EVENT_BYTES = 10 * 1024 * 1024
/** Events of one call that are not passed on, at most; keep-alive comments are among them. */
const MAX_LEFT_OUT = 10_000

/**
 * Looks through the events of one call's stream and lets through what belongs to the call. Events in the plain form
 * (`data: …`, or with `event: message` before it) go on as the bytes they are, as many as there are in one piece;
 * anything else that an event stream may hold is read by the full parser and written again.
 */
export class LaneEvents {
  readonly #readAnswer: (body: Buffer) => Answer
  readonly #report: Report
  readonly #token: Buffer | undefined
  readonly #wantsLogs: boolean
  /** The unfinished event so far. */
  #rest: Buffer[] = []
  #restBytes = 0
  /** From the first carriage return on, line ends are left to the full parser. */
  #parser: SseParser | undefined
  #answer: Answer | undefined
  #leftOut = 0
  #passed: (Buffer | string)[] = []

  constructor(call: Call, tools: { readAnswer: (body: Buffer) => Answer; report: Report }) {
    this.#readAnswer = tools.readAnswer
    this.#report = tools.report
    const token = call.envelope.span('progressToken')
    this.#token = token && Buffer.from(call.envelope.bytes.subarray(token.start, token.end))
    this.#wantsLogs = call.envelope.has(META.logLevel)
  }

  /** Takes bytes as they come. Throws `upstream_invalid`. */
  push(chunk: Buffer): Passed {
    this.#passed = []
    if (this.#parser === undefined && chunk.includes(CR)) this.#parser = new SseParser(MAX_EVENT_BYTES)
    if (this.#parser) this.#parse(this.#parser, this.#take(chunk))
    else if (this.#endsAnEvent(chunk)) this.#pushPlain(this.#take(chunk))
    else this.#hold(chunk)
    return { passed: this.#passed, answer: this.#answer }
  }

  /** What was held and what has come. */
  #take(chunk: Buffer): Buffer {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([...this.#rest, chunk])
    this.#rest = []
    this.#restBytes = 0
    return bytes
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#rest.push(bytes)
    this.#restBytes += bytes.length
    if (this.#restBytes > MAX_EVENT_BYTES)
      throw new ParleyError('upstream_invalid', `An event is larger than ${MAX_EVENT_BYTES} bytes.`)
  }

  /** Nothing is put together before an event is complete, so that a huge one is copied once. */
  #endsAnEvent(chunk: Buffer): boolean {
    return chunk.includes('\n\n') || (chunk[0] === LF && this.#rest.at(-1)?.at(-1) === LF)
  }

  #pushPlain(bytes: Buffer): void {
    let start = 0
    let from = 0
    while (this.#answer === undefined) {
      const end = endOfEvent(bytes, start)
      if (end < 0) break
      const next = end + 2
      const verdict = this.#judge(bytes, start, end)
      if (verdict !== 'pass') {
        this.#countLeftOut()
        if (start > from) this.#passed.push(bytes.subarray(from, start))
        if (verdict === 'read') this.#parse(new SseParser(MAX_EVENT_BYTES), bytes.subarray(start, next))
        else if (verdict !== 'drop') this.#passed.push(verdict.instead)
        from = next
      }
      start = next
    }
    if (start > from) this.#passed.push(bytes.subarray(from, start))
    this.#hold(bytes.subarray(start))
  }

  /** What becomes of an event; `read` when that is for the full parser to say. */
  #judge(bytes: Buffer, start: number, end: number): Verdict {
    let at = start
    if (startsWith(bytes, MESSAGE_LINE, at)) at += MESSAGE_LINE.length
    if (!startsWith(bytes, DATA, at)) return 'read'
    if (bytes.indexOf(LF, at) !== end) return 'read'
    const data = bytes.subarray(at + DATA.length, end)
    const envelope = scanServerMessage(data)
    if (envelope.has('method')) return this.#belongs(envelope) ? 'pass' : 'drop'
    const answer = this.#readAnswer(data)
    this.#answer = answer
    if (answer.json === data) return 'pass'
    return { instead: encodeEvent(answer.json.toString()) }
  }

  #parse(parser: SseParser, bytes: Buffer): void {
    for (const event of parser.push(bytes)) {
      if (this.#answer !== undefined) return
      this.#countLeftOut()
      if (event.data === '') continue
      if (event.event !== undefined && event.event !== 'message') continue
      const data = Buffer.from(event.data)
      const envelope = scanServerMessage(data)
      if (!envelope.has('method')) {
        this.#answer = this.#readAnswer(data)
        this.#passed.push(encodeEvent(oneLine(this.#answer.json)))
      } else if (this.#belongs(envelope)) {
        this.#passed.push(encodeEvent(oneLine(data)))
      }
    }
  }

  #countLeftOut(): void {
    if (++this.#leftOut > MAX_LEFT_OUT)
      throw new ParleyError('upstream_invalid', 'The server sent too much that is not of this call.')
  }

  /** Progress with the call's own token, log messages if it asked for them, and what extensions define. */
  #belongs(envelope: Envelope): boolean {
    const isRequest = envelope.has('id')
    const isProgress = envelope.is('method', PROGRESS)
    const method = isProgress ? PROGRESS : (envelope.string('method') ?? '')
    const belongs = !isRequest && this.#isOfCall(method, envelope)
    if (!belongs) this.#report(isRequest ? 'unexpected-request' : 'unexpected-notification', method)
    return belongs
  }

  #isOfCall(method: string, envelope: Envelope): boolean {
    if (method === '' || envelope.has('result') || envelope.has('error')) return false
    if (method === PROGRESS) {
      const span = envelope.span('params.progressToken')
      const token = this.#token
      if (span === undefined || token === undefined || span.end - span.start !== token.length) return false
      return startsWith(envelope.bytes, token, span.start)
    }
    if (method === 'notifications/message') return this.#wantsLogs
    return !OF_SUBSCRIPTIONS.has(method)
  }
}

/** Where the first of the two line feeds stands that end the event, or -1: most events have no other. */
function endOfEvent(bytes: Buffer, start: number): number {
  let end = bytes.indexOf(LF, start)
  while (end >= 0 && bytes[end + 1] !== LF) end = bytes.indexOf(LF, end + 1)
  return end
}

function startsWith(bytes: Buffer, prefix: Buffer, at: number): boolean {
  for (let index = 0; index < prefix.length; index++) if (bytes[at + index] !== prefix[index]) return false
  return true
}

/** An event's data has no line breaks; JSON keeps its meaning without those between its values. */
function oneLine(json: Buffer | string): string {
  const text = typeof json === 'string' ? json : json.toString('utf8')
  return text.includes('\n') ? JSON.stringify(JSON.parse(text)) : text
}
