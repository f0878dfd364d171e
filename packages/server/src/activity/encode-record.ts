import type { ActivityRecord, ChainLink } from '@parley/contract'
import { canonicalJson } from '../lib/jcs.ts'

/**
 * The record as canonical JSON (RFC 8785), the very text that is stored and hashed: `canonicalJson` for this one form,
 * written out by hand because it stands in the way of every call (a fifth of the time). A lone surrogate, which has no
 * canonical form, becomes U+FFFD: a caller's broken text must not keep an act out of the record.
 */
export function encodeRecord(record: ActivityRecord): string {
  return (
    `{"action":${text(record.action)}` +
    optional(',"app":', record.app) +
    optional(',"argumentsDigest":', record.argumentsDigest) +
    `,"at":${number(record.at)}` +
    optional(',"capability":', record.capability) +
    `,"catalogVersion":${number(record.catalogVersion)},"chain":${list(record.chain, link)}` +
    `,"decision":${text(record.decision)}` +
    optional(',"definitionHash":', record.definitionHash) +
    `,"face":${text(record.face)}` +
    optional(',"grant":', record.grant) +
    `,"latencyMicros":${number(record.latencyMicros)}` +
    optional(',"note":', record.note) +
    (record.obligations === undefined ? '' : `,"obligations":${canonicalJson(record.obligations)}`) +
    `,"peopleVersion":${number(record.peopleVersion)}` +
    optional(',"person":', record.person) +
    `,"policies":${list(record.policies, text)},"policyVersion":${number(record.policyVersion)}` +
    `,"requestId":${text(record.requestId)},"result":${text(record.result)},"subject":${text(record.subject)}` +
    `${optional(',"traceId":', record.traceId)}}`
  )
}

function optional(key: string, value: string | undefined): string {
  return value === undefined ? '' : key + text(value)
}

function text(value: string): string {
  return JSON.stringify(value.isWellFormed() ? value : value.toWellFormed())
}

function number(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('A non-finite number has no JSON form')
  return String(value)
}

function link({ id, kind }: ChainLink): string {
  return `{"id":${text(id)},"kind":${text(kind)}}`
}

function list<item>(items: readonly item[], encode: (item: item) => string): string {
  let encoded = ''
  for (const item of items) encoded += (encoded === '' ? '' : ',') + encode(item)
  return `[${encoded}]`
}
