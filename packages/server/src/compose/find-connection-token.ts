import type { PersonId } from '@parley/contract'
import { entitlementsOfPerson, type AccessFacts } from '../access/index.ts'
import { namesConnectionToken, type FindConnectionToken } from '../identity/index.ts'
import type { Registry } from '../registry/index.ts'
import type { Vault } from '../vault/index.ts'

const BEARER = /^Bearer ([\x21-\x7e]+)$/i

/** The token itself, where what the person is entitled to names it. Undefined rooms: an authorization server alone. */
export function createFindConnectionToken(
  facts: AccessFacts,
  { registry, vault }: { registry: Pick<Registry, 'entry'> | undefined; vault: Pick<Vault, 'use'> },
): FindConnectionToken {
  const isEntitled = (person: PersonId, server: string) =>
    entitlementsOfPerson(facts, person).some(({ terms }) =>
      terms.capabilities.some((rule) => namesConnectionToken(rule, server)),
    )
  return async (server, person) => {
    const entry = registry?.entry(server)
    if (!entry || (person !== undefined && !isEntitled(person, server)))
      return { kind: 'none', why: `nobody was entitled to connection:${server}/token here` }
    const use = await vault.use(entry.id, person)
    if (use?.kind !== 'carry')
      return { kind: 'none', why: `there is no connection to "${server}" that works` }
    const token = BEARER.exec(use.headers()['authorization'] ?? '')?.[1]
    if (token === undefined) return { kind: 'none', why: `the connection to "${server}" holds no token` }
    return { kind: 'token', token, expiresAt: use.connection.expiresAt }
  }
}
