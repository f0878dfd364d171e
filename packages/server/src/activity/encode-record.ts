import type { ActivityRecord } from '@parley/contract'
import { canonicalJson } from '../lib/jcs.ts'

export type PartialRecord = { readonly [key in keyof ActivityRecord]?: ActivityRecord[key] | undefined }

/**
 * The record as canonical JSON (RFC 8785), the very text that is stored and hashed. The same as `canonicalJson`, at a
 * quarter of its cost, because it stands in the way of every call: the properties are listed in their order. A lone
 * surrogate, which has no canonical form, becomes U+FFFD: a caller's broken text must not keep an act out of the record.
 */
export function encodeRecord(record: ActivityRecord): string {
  const { obligations } = record
  const encoded = JSON.stringify({
    action: record.action,
    app: record.app,
    argumentsDigest: record.argumentsDigest,
    at: finite(record.at),
    capability: record.capability,
    catalogVersion: finite(record.catalogVersion),
    chain: record.chain.map(({ id, kind }) => ({ id, kind })),
    decision: record.decision,
    definitionHash: record.definitionHash,
    face: record.face,
    grant: record.grant,
    latencyMicros: finite(record.latencyMicros),
    note: record.note,
    // Rare, and not flat.
    obligations: obligations && (JSON.parse(canonicalJson(obligations)) as unknown),
    peopleVersion: finite(record.peopleVersion),
    person: record.person,
    policies: record.policies,
    policyVersion: finite(record.policyVersion),
    requestId: record.requestId,
    result: record.result,
    subject: record.subject,
    traceId: record.traceId,
  } satisfies Record<keyof ActivityRecord, unknown>)
  return encoded.includes(SURROGATE_ESCAPE) ? mendText(encoded) : encoded
}

/** Some members of a record as they stand between its braces; those that are undefined are left out. */
export function encodeMembers(part: PartialRecord): string {
  return mendText(JSON.stringify(part)).slice(1, -1)
}

/** How `JSON.stringify` writes a lone surrogate; a backslash before `ud` in the text itself looks alike. */
const SURROGATE_ESCAPE = String.raw`\ud`

function mendText(encoded: string): string {
  const mend = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? value.toWellFormed() : value
  return canonicalJson(JSON.parse(encoded, mend))
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new TypeError('A non-finite number has no JSON form')
  return value
}
