import { readFile, stat } from 'node:fs/promises'
import { ParleyError } from '@parley/contract'
import { MAX_DOCUMENT_BYTES, documentTooLarge, versionOf, type DocumentSource } from './document-source.ts'

/** A document in a file that `parley.yaml` names; it is read again when it was written again. */
export function createFileSource(file: string): DocumentSource {
  let last: { readonly stamp: string; readonly version: string } | undefined
  return {
    async load(known) {
      try {
        const facts = await stat(file)
        if (!facts.isFile()) throw unreadable('it is no file')
        if (facts.size > MAX_DOCUMENT_BYTES) throw documentTooLarge()
        const stamp = `${facts.mtimeMs} ${facts.size} ${facts.ino}`
        if (last?.stamp === stamp && last.version === known) return undefined
        const bytes = await readFile(file)
        if (bytes.length > MAX_DOCUMENT_BYTES) throw documentTooLarge()
        const version = versionOf(bytes)
        last = { stamp, version }
        return version === known ? undefined : { version, bytes }
      } catch (error) {
        if (error instanceof ParleyError) throw error
        throw unreadable('there is no such file, or it is not readable', error)
      }
    },
    close: () => Promise.resolve(),
  }
}

function unreadable(why: string, cause?: unknown): ParleyError {
  return new ParleyError(
    'upstream_invalid',
    `The OpenAPI document that parley.yaml names cannot be read: ${why}.`,
    { cause },
  )
}
