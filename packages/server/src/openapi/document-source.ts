import { hash } from 'node:crypto'
import { ParleyError } from '@parley/contract'

export interface LoadedDocument {
  /** Of the bytes: changes whenever they do. */
  readonly version: string
  readonly bytes: Buffer
  /** What an administrator should know of it: that it is an older one, for example. */
  readonly note?: string | undefined
  /** Called once the document has proved to be usable. */
  readonly accept?: (() => Promise<void>) | undefined
}

/** Where an OpenAPI document comes from. */
export interface DocumentSource {
  /** The document as it is now; undefined when it still is the version that is `known`. */
  load(known: string | undefined, signal: AbortSignal): Promise<LoadedDocument | undefined>
  close(): Promise<void>
}

/** The largest documents of public services have some 15 MB. */
export const MAX_DOCUMENT_BYTES = 24 * 1024 * 1024

export function versionOf(bytes: Buffer): string {
  return hash('sha256', bytes, 'base64url')
}

export function documentTooLarge(): ParleyError {
  return new ParleyError(
    'upstream_invalid',
    `The OpenAPI document is larger than ${MAX_DOCUMENT_BYTES} bytes.`,
  )
}
