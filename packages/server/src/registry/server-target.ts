import { hash } from 'node:crypto'
import { ParleyError, type AddServerBody } from '@parley/contract'
import { canonicalJson } from '../lib/jcs.ts'
import type { Selection } from '../openapi/index.ts'

/** How a server is reached. Approvals hold for exactly one of these. */
export type ServerTarget =
  | { readonly transport: 'http'; readonly url: string }
  | {
      readonly transport: 'stdio'
      readonly command: string
      readonly args: readonly string[]
      readonly package: string | null
    }
  | {
      readonly transport: 'openapi'
      /** Where the service is called. */
      readonly url: string
      readonly document: DocumentTarget
      /** Which operations are tools; approvals do not hold for it, since each tool has its own. */
      readonly selection: Selection
    }

/** Where the OpenAPI document is; `kept` was sent by an administrator. */
export type DocumentTarget = { readonly file: string } | { readonly url: string } | { readonly kept: true }

/** Base64url SHA-256 over URLs, or command, arguments and package version: what an approval is bound to. */
export function hashTarget(target: ServerTarget): string {
  if (target.transport !== 'openapi') return hash('sha256', canonicalJson(target), 'base64url')
  const { selection: _, ...rest } = target
  return hash('sha256', canonicalJson(rest), 'base64url')
}

/**
 * The target that an administrator sent to the API: an HTTP server alone. A process is started only as parley.yaml
 * says, so that nobody with a key for the API can run programs.
 * @throws ParleyError `invalid_params`.
 */
export function readAddedTarget(body: AddServerBody): ServerTarget {
  const asksForProcess =
    STDIO_MEMBERS.some((member) => Object.hasOwn(body, member)) ||
    ('transport' in body && body.transport === 'stdio')
  if (asksForProcess) {
    throw new ParleyError(
      'invalid_params',
      'A server that is started as a process can only be declared in parley.yaml, under servers.',
    )
  }
  const url = readUrl(body.url, 'url', 'http://localhost:3000/mcp')
  const { openapi } = body
  if (!openapi) return { transport: 'http', url }
  const { url: documentUrl, document, ...selection } = openapi
  if ((documentUrl === undefined) === (document === undefined))
    throw new ParleyError(
      'invalid_params',
      'openapi has either url, where the document is, or document, its text.',
    )
  return {
    transport: 'openapi',
    url,
    document:
      documentUrl === undefined
        ? { kept: true }
        : { url: readUrl(documentUrl, 'openapi.url', 'https://api.example.com/openapi.json') },
    selection,
  }
}

function readUrl(text: string | undefined, member: string, example: string): string {
  const url = URL.parse(text ?? '')
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new ParleyError(
      'invalid_params',
      `${member} must be a whole http or https URL, such as ${example}.`,
    )
  if (url.username !== '' || url.password !== '')
    throw new ParleyError('invalid_params', `${member} must not hold credentials.`)
  if (text?.includes('#')) throw new ParleyError('invalid_params', `${member} must not have a fragment.`)
  return url.href
}

const STDIO_MEMBERS = ['command', 'args', 'env', 'package']
