import { createHash } from 'node:crypto'
import type { GrantId, PersonId } from '@parley/contract'
import { canonicalJson } from '../../lib/jcs.ts'
import type { Statement, Store } from '../../store/index.ts'
import type { ConsentRequest } from './consent-request.ts'

/** SQL of which consent has led to which grant. */
export class ConsentStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  find(key: Buffer): GrantId | undefined {
    const row = this.#store.get('SELECT grant_id FROM consents WHERE key = ?', key)
    return row && (String(row['grant_id']) as GrantId)
  }

  save(key: Buffer, grant: GrantId, at: number): Statement {
    return {
      sql: `INSERT INTO consents (key, grant_id, created_at) VALUES (?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET grant_id = excluded.grant_id, created_at = excluded.created_at`,
      parameters: [key, grant, at],
    }
  }
}

/**
 * What a consent is for: the same person, app, redirect URI, resource and scopes. One that differs in any is asked for again:
 * a client ID metadata document is shared by every installation of an app. The port of a loopback redirect differs each
 * time by nature (RFC 8252 §7.3); apps with one are asked each time anyway, and get the same grant.
 */
export function consentKey(person: PersonId, request: ConsentRequest): Buffer {
  const parts = [
    person,
    request.clientId,
    withoutLoopbackPort(request.redirectUri),
    request.resource.identifier,
    [...request.scopes, ...request.identityScopes].toSorted(),
    request.details,
  ]
  return createHash('sha256').update(canonicalJson(parts)).digest()
}

function withoutLoopbackPort(redirectUri: string): string {
  const url = URL.parse(redirectUri)
  if (url?.protocol !== 'http:') return redirectUri
  url.port = ''
  return url.href
}
