import { hash } from 'node:crypto'
import { ParleyError } from '@parley/contract'
import { canonicalJson } from '../lib/jcs.ts'

/** How a server is reached. Approvals hold for exactly one of these. */
export type ServerTarget =
  | { readonly transport: 'http'; readonly url: string }
  | {
      readonly transport: 'stdio'
      readonly command: string
      readonly args: readonly string[]
      readonly package: string | null
    }

/** Base64url SHA-256 over URL, or command, arguments and package version: what an approval is bound to. */
export function hashTarget(target: ServerTarget): string {
  return hash('sha256', canonicalJson(target), 'base64url')
}

/**
 * The target that an administrator sent to the API: an HTTP server alone. A process is started only as parley.yaml
 * says, so that nobody with a key for the API can run programs.
 * @throws ParleyError `invalid_params`.
 */
export function readAddedTarget(body: object): ServerTarget {
  const asksForProcess =
    STDIO_MEMBERS.some((member) => Object.hasOwn(body, member)) ||
    ('transport' in body && body.transport === 'stdio')
  if (asksForProcess) {
    throw new ParleyError(
      'invalid_params',
      'A server that is started as a process can only be declared in parley.yaml, under servers.',
    )
  }
  const text = 'url' in body && typeof body.url === 'string' ? body.url : ''
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ParleyError(
      'invalid_params',
      'url must be a whole http or https URL, such as http://localhost:3000/mcp.',
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new ParleyError('invalid_params', 'url must not hold credentials.')
  }
  if (text.includes('#')) throw new ParleyError('invalid_params', 'url must not have a fragment.')
  return { transport: 'http', url: url.href }
}

const STDIO_MEMBERS = ['command', 'args', 'env', 'package']
