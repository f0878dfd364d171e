import { ParleyError } from '@parley/contract'
import type { A2aVersion } from '../a2a/index.ts'
import type { Outlet } from '../egress/index.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { StrictJsonError, parseStrict } from '../lib/strict-json/index.ts'
import { freshnessMs } from './freshness.ts'

/** What makes the next fetch conditional (RFC 9110 §13.1). */
export interface Validators {
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
}

export type FetchedCard =
  | {
      readonly kind: 'card'
      readonly body: JsonObject
      readonly validators: Validators
      readonly freshMs: number
    }
  /** 304: what the validators are of still stands. */
  | { readonly kind: 'unchanged'; readonly freshMs: number }

const MAX_VALIDATOR_LENGTH = 1024
const JSON_TYPE = /^application\/(?:[a-z0-9.!#$&^_-]+\+)?json(?:[ \t]*;|$)/i

/**
 * Fetches a card (A2A §8.6), without any credential and without following redirects. Throws `upstream_*` in words that an
 * administrator reads.
 */
export async function fetchCard(
  outlet: Outlet,
  path: string,
  { validators: known = {}, signal }: { validators?: Validators; signal?: AbortSignal } = {},
): Promise<FetchedCard> {
  const ask = (version: A2aVersion) =>
    outlet.request({
      method: 'GET',
      path,
      headers: {
        accept: 'application/json, application/a2a+json;q=0.9',
        'a2a-version': version,
        ...(known.etag === undefined ? {} : { 'if-none-match': known.etag }),
        ...(known.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified }),
      },
      ...(signal && { signal }),
    })
  const first = await ask('1.0')
  // An agent refuses a version that it does not have (§3.6.2), and one without the header as 0.3.
  const { status, headers, body } = first.status === 400 ? await ask('0.3') : first
  const freshMs = freshnessMs(headers)
  const isConditional = known.etag !== undefined || known.lastModified !== undefined
  if (status === 304 && isConditional) return { kind: 'unchanged', freshMs }
  if (status >= 300 && status < 400)
    throw unusable(`answered ${status}: redirects are not followed; add the agent under its real address`)
  if (status !== 200) throw unusable(`answered ${status}`)
  const type = headers['content-type'] ?? ''
  if (!JSON_TYPE.test(type))
    throw unusable(`is of type "${type.slice(0, 60)}", not application/json: is this a card's address?`)
  return {
    kind: 'card',
    body: readObject(body),
    validators: { etag: bounded(headers.etag), lastModified: bounded(headers['last-modified']) },
    freshMs,
  }
}

function readObject(bytes: Buffer): JsonObject {
  try {
    const value = parseStrict(bytes)
    if (isObject(value)) return value
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    throw unusable(error.message, error)
  }
  throw unusable('is no JSON object')
}

function bounded(validator: string | undefined): string | undefined {
  return validator !== undefined && validator.length <= MAX_VALIDATOR_LENGTH ? validator : undefined
}

function unusable(why: string, cause?: unknown): ParleyError {
  return new ParleyError('upstream_invalid', `The card ${why}.`, { cause })
}
