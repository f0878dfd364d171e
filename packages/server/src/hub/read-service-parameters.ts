import type { IncomingMessage } from 'node:http'
import { ParleyError } from '@parley/contract'
import { A2A_VERSIONS, type A2aVersion } from '../a2a/index.ts'

/** What goes with every request beside its message (specification §3.2.6). */
export interface ServiceParameters {
  readonly version: A2aVersion
  readonly extensions: readonly string[]
  readonly traceparent: string | undefined
  /** How this reader wants the answer (decisions/025). */
  readonly presentation: string | undefined
}

const MAX_EXTENSIONS = 50
const MAX_LENGTH = 4096

/** As HTTP carries them; the version may stand in the address instead (§3.6.1). */
export function readServiceParameters(request: IncomingMessage): ServiceParameters {
  const { headers } = request
  return {
    version: readVersion(versionText(request)),
    // 0.3 has it as an experimental header.
    extensions: readExtensions(textOf(headers['a2a-extensions'] ?? headers['x-a2a-extensions'])),
    traceparent: textOf(headers['traceparent']),
    presentation: textOf(headers['parley-presentation']),
  }
}

/** What the request says of its version, in the header or the address (§3.6.1); undefined when nothing. */
export function versionText({ headers, url }: IncomingMessage): string | undefined {
  return textOf(headers['a2a-version']) ?? versionOfQuery(url ?? '')
}

/** §3.6.2: nothing means 0.3; patch numbers do not count (§3.6). Throws `unsupported_version`. */
export function readVersion(text: string | undefined): A2aVersion {
  if (text === '1.0') return text
  if (text === undefined || text.trim() === '') return '0.3'
  const [, majorMinor] = /^(\d{1,3}\.\d{1,3})(?:\.\d{1,5})?$/.exec(text.trim()) ?? []
  const known = A2A_VERSIONS.find((version) => version === majorMinor)
  if (known) return known
  throw new ParleyError('unsupported_version', `A2A-Version must be one of ${A2A_VERSIONS.join(', ')}.`, {
    data: { supported: [...A2A_VERSIONS] },
  })
}

/** What is unreadable is not asked for; whether an extension is demanded is looked at later (H12). */
export function readExtensions(text: string | undefined): readonly string[] {
  if (text === undefined || text.length > MAX_LENGTH) return []
  const uris = text.split(',').map((uri) => uri.trim())
  return [...new Set(uris.filter((uri) => /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i.test(uri)))].slice(
    0,
    MAX_EXTENSIONS,
  )
}

function versionOfQuery(url: string): string | undefined {
  const start = url.indexOf('?')
  if (start < 0) return undefined
  const parameters = new URLSearchParams(url.slice(start + 1))
  for (const [name, value] of parameters) if (name.toLowerCase() === 'a2a-version') return value
  return undefined
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header
}
