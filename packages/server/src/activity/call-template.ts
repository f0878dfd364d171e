import type { ActivityRecord } from '@parley/contract'
import { encodeRecord } from './encode-record.ts'

/** What differs between two calls of the same caller to the same capability. */
export type CallDetails = Pick<ActivityRecord, 'at' | 'requestId' | 'result' | 'latencyMicros'> & {
  readonly argumentsDigest: string
  readonly traceId: string | undefined
}

/** What such calls have in common. */
export type CallFacts = Omit<ActivityRecord, keyof CallDetails | 'obligations' | 'note'>

const BLANK = { argumentsDigest: '', at: 0, latencyMicros: 0, requestId: '', result: '' as 'ok' }
/** In the order of the record's canonical text. A string's own quotes are escaped there, so none can look like these. */
const HOLES = ['"argumentsDigest":"', '"at":', '"latencyMicros":', '"requestId":"', '"result":"'] as const
/** Texts that stand between quotes as they are. */
const PLAIN = /^[\w.:-]*$/

/**
 * The canonical text of a call's record with holes for its details: filling them in costs a tenth of writing the
 * whole, and gives the same text as `encodeRecord`.
 */
export class CallTemplate {
  readonly facts: CallFacts
  readonly #parts: readonly [string, string, string, string, string, string]

  constructor(facts: CallFacts) {
    this.facts = facts
    const text = encodeRecord({ ...facts, ...BLANK })
    const parts: string[] = []
    let from = 0
    for (const hole of HOLES) {
      const at = text.indexOf(hole, from) + hole.length
      parts.push(text.slice(from, at))
      from = hole.endsWith('"') ? at : at + 1
    }
    // Without the closing brace: a trace id would stand last.
    parts.push(text.slice(from, -1))
    this.#parts = parts as unknown as [string, string, string, string, string, string]
  }

  fill(details: CallDetails): string {
    const { argumentsDigest, at, latencyMicros, requestId, result, traceId } = details
    const isPlain =
      PLAIN.test(argumentsDigest) && PLAIN.test(requestId) && (traceId === undefined || PLAIN.test(traceId))
    if (!isPlain || !Number.isSafeInteger(at) || !Number.isSafeInteger(latencyMicros)) {
      const { traceId: _traceId, ...rest } = details
      return encodeRecord({ ...this.facts, ...rest, ...(traceId === undefined ? {} : { traceId }) })
    }
    const [a, b, c, d, e, f] = this.#parts
    const end = traceId === undefined ? '}' : `,"traceId":"${traceId}"}`
    return a + argumentsDigest + b + at + c + latencyMicros + d + requestId + e + result + f + end
  }
}
