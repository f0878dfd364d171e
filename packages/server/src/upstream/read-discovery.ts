import { ParleyError, isSessionRevision } from '@parley/contract'
import { isObject, type Outcome } from '../lib/json-rpc.ts'
import type { UpstreamInfo } from './channel.ts'
import { unknownVersions } from './legacy-info.ts'

const MODERN_VERSION = '2026-07-28'
const UNSUPPORTED_VERSION = -32022
/** Errors that only a modern server knows: header mismatch, missing client capability. */
const MODERN_ERRORS: ReadonlySet<number> = new Set([-32020, -32021])

/** True for a refusal of the protocol version (-32022) that names the very version that was spoken: to be asked again. */
export function refusesOwnVersion(outcome: Outcome | undefined): boolean {
  if (outcome === undefined || !('error' in outcome) || outcome.error.code !== UNSUPPORTED_VERSION)
    return false
  const { data } = outcome.error
  const supported = isObject(data) ? data['supported'] : undefined
  return Array.isArray(supported) && supported.includes(MODERN_VERSION)
}

/**
 * What the answer to `server/discover` says of the server; undefined means that it is a session server, to be
 * initialized. A server that names its versions is spoken to in one of them, or not at all.
 * @throws ParleyError `upstream_invalid` for a modern server that Parley cannot speak with.
 */
export function readDiscovery(outcome: Outcome | undefined): UpstreamInfo | undefined {
  if (outcome === undefined) return undefined
  if ('error' in outcome) {
    const { code, data, message } = outcome.error
    if (code === UNSUPPORTED_VERSION) return chooseVersion(isObject(data) ? data['supported'] : undefined)
    if (!MODERN_ERRORS.has(code)) return undefined
    throw new ParleyError(
      'upstream_invalid',
      `The server refused to say what it offers: ${message.slice(0, 200)}`,
    )
  }
  const { result } = outcome
  const versions = result['supportedVersions']
  if (!Array.isArray(versions)) return undefined
  if (!versions.includes(MODERN_VERSION)) return chooseVersion(versions)
  const meta = isObject(result['_meta']) ? result['_meta'] : {}
  const serverInfo = meta['io.modelcontextprotocol/serverInfo']
  return {
    era: MODERN_VERSION,
    revision: MODERN_VERSION,
    capabilities: isObject(result['capabilities']) ? result['capabilities'] : {},
    serverInfo: isObject(serverInfo) ? serverInfo : undefined,
    instructions: typeof result['instructions'] === 'string' ? result['instructions'] : undefined,
    discover: result,
    initialize: undefined,
  }
}

function chooseVersion(supported: unknown): undefined {
  const versions: unknown[] = Array.isArray(supported) ? supported : []
  if (versions.some(isSessionRevision)) return undefined
  throw unknownVersions(versions.length > 0 ? versions : ['that it does not name'])
}
