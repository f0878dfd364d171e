import { toActivityRecord, type CallRecord } from './call-record.ts'
import { encodeMembers, encodeRecord, type PartialRecord } from './encode-record.ts'

const MAX_TEMPLATES = 2048
const MAX_TEMPLATE_CHARACTERS = 2048

/** What would have to be escaped in JSON, or could be no character at all. */
const NOT_PLAIN = /[^ !#-[\]-~]/

/**
 * Encodes the records of plain calls, which stand in the way of every call: a tenth of the cost of `encodeRecord`, to
 * the same text. What the calls of one principal to one capability have in common is encoded once and kept, for at
 * most 2,048 such pairs of at most 2,048 characters; when there is no more room, all are forgotten.
 */
export class CallEncoder {
  readonly #templates = new Map<string, Map<string, Template>>()
  #count = 0
  #at = 0
  #atText = '0'

  /** Templates that are kept. */
  get size(): number {
    return this.#count
  }

  /** Throws TypeError for a number without a JSON form. */
  encode(call: CallRecord): string {
    if (!isPlain(call)) return encodeRecord(toActivityRecord(call))
    return this.#templateOf(call).fill(call, this.#textOf(call.at))
  }

  /** Many calls fall into one millisecond, and a large number is slow to write. */
  #textOf(at: number): string {
    if (at !== this.#at) {
      this.#at = at
      this.#atText = String(at)
    }
    return this.#atText
  }

  #templateOf(call: CallRecord): Template {
    const { subject } = call.principal
    const capability = call.capability ?? ''
    const known = this.#templates.get(subject)?.get(capability)
    if (known?.fits(call)) return known
    const made = new Template(call)
    if (made.characters <= MAX_TEMPLATE_CHARACTERS) this.#keep(made, subject, capability)
    return made
  }

  #keep(template: Template, subject: string, capability: string): void {
    if (this.#count >= MAX_TEMPLATES) {
      this.#templates.clear()
      this.#count = 0
    }
    let own = this.#templates.get(subject)
    if (!own) this.#templates.set(subject, (own = new Map()))
    if (!own.has(capability)) this.#count++
    own.set(capability, template)
  }
}

/** True when everything that goes into a template's gaps is written as it stands. */
function isPlain(call: CallRecord): boolean {
  return (
    !NOT_PLAIN.test(call.requestId) &&
    (call.argumentsDigest === undefined || !NOT_PLAIN.test(call.argumentsDigest)) &&
    (call.traceId === undefined || !NOT_PLAIN.test(call.traceId)) &&
    Number.isFinite(call.at) &&
    Number.isFinite(call.latencyMicros) &&
    Number.isFinite(call.catalogVersion) &&
    Number.isFinite(call.peopleVersion) &&
    (call.decision === undefined || Number.isFinite(call.decision.policyVersion))
  )
}

/** The members of a record that stay the same, in the order of RFC 8785, with gaps for those that do not. */
class Template {
  readonly #source: CallRecord
  readonly #untilDigest: string
  readonly #untilAt: string
  readonly #untilLatency: string
  readonly #untilRequestId: string
  readonly #end: string

  constructor(call: CallRecord) {
    const { action, app, capability, catalogVersion, chain, decision, ...more } = toActivityRecord(call)
    const { definitionHash, face, grant, obligations, peopleVersion, person, policies, policyVersion } = more
    const beforeLatency = { capability, catalogVersion, chain, decision, definitionHash, face, grant }
    const beforeRequestId = { obligations, peopleVersion, person, policies, policyVersion }
    this.#source = call
    this.#untilDigest = `{${members({ action, app })}"argumentsDigest":"`
    this.#untilAt = call.argumentsDigest === undefined ? `{${members({ action, app })}"at":` : '","at":'
    this.#untilLatency = `,${members(beforeLatency)}"latencyMicros":`
    this.#untilRequestId = `,${members(beforeRequestId)}"requestId":"`
    this.#end = `",${members({ subject: more.subject })}`.slice(0, -1)
  }

  get characters(): number {
    return (
      this.#untilDigest.length + this.#untilLatency.length + this.#untilRequestId.length + this.#end.length
    )
  }

  /** Principals and decisions are immutable, so the same object is the same content. */
  fits(call: CallRecord): boolean {
    const source = this.#source
    return (
      call.principal === source.principal &&
      call.decision === source.decision &&
      call.capability === source.capability &&
      call.definitionHash === source.definitionHash &&
      call.catalogVersion === source.catalogVersion &&
      call.peopleVersion === source.peopleVersion &&
      call.action === source.action &&
      call.face === source.face &&
      (call.argumentsDigest === undefined) === (source.argumentsDigest === undefined)
    )
  }

  /** As few pieces as can be: each one is an object until the text is sent to the writer. */
  fill(call: CallRecord, at: string): string {
    const { argumentsDigest, traceId } = call
    const start =
      argumentsDigest === undefined ? this.#untilAt : this.#untilDigest + argumentsDigest + this.#untilAt
    const middle =
      start + at + this.#untilLatency + call.latencyMicros + this.#untilRequestId + call.requestId
    const end = '","result":"' + call.result + this.#end
    return traceId === undefined ? `${middle}${end}}` : `${middle}${end},"traceId":"${traceId}"}`
  }
}

/** Members as they stand within a record, each with a comma behind it; those that are undefined are left out. */
function members(part: PartialRecord): string {
  const text = encodeMembers(part)
  return text === '' ? '' : `${text},`
}
