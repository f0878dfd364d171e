import { hash } from 'node:crypto'
import { canonicalJson } from '../lib/jcs.ts'
import type { JsonObject } from '../lib/json-rpc.ts'

/** A definition's fingerprint and its size in canonical form. */
export interface DefinitionHash {
  /** Base64url SHA-256 of the canonical JSON (RFC 8785): key order and white space do not count, all else does. */
  readonly hash: string
  readonly bytes: number
}

/** Hashes every member of a definition, known or not. Throws TypeError where there is no canonical form. */
export function hashDefinition(body: JsonObject): DefinitionHash {
  const text = canonicalJson(body)
  return { hash: hash('sha256', text, 'base64url'), bytes: Buffer.byteLength(text) }
}
