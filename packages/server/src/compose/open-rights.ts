import { createAccess, type Access } from '../access/index.ts'
import { createGrants, type Grants } from '../grants/index.ts'
import { createPageKit, type PageKit } from '../pages/index.ts'
import { createPeople, type People } from '../people/index.ts'
import { createRevocations, type RevocationLog, type Revocations } from '../revocations/index.ts'
import { stackOf, type House } from './house.ts'

/** Who there is, and who may do what. */
export interface Rights {
  readonly revocations: Revocations & RevocationLog & Disposable
  readonly grants: Grants
  readonly pages: PageKit
  readonly people: People
  readonly access: Access
}

export function openRights(house: House): Rights {
  const { clock, config, log, origin, random, sealer } = house
  const revocations = createRevocations(house)
  const seconds = () => Math.floor(clock.now() / 1000)
  const grants = createGrants({
    ...house,
    revocation: {
      statement: (id) => revocations.statement({ kind: 'grant', id, at: seconds() }),
      announce: (ids) => revocations.announce(ids.map((id) => ({ kind: 'grant', id, at: seconds() }))),
    },
  })
  const pages = createPageKit({ origin, key: sealer.derive('forms'), random })
  const people = createPeople({
    ...house,
    pages,
    revocations,
    trustedProxy: config.listen.trustedProxy,
    onError: (error) => log('a page failed', { error: stackOf(error) }),
  })
  const active = (id: Parameters<People['find']>[0]) => {
    const person = people.find(id)
    return person?.state === 'active' ? person : undefined
  }
  const access = createAccess({
    grants,
    people: { rolesOf: (id) => active(id)?.roles ?? [], groupsOf: (id) => active(id)?.groups ?? [] },
  })
  return { revocations, grants, pages, people, access }
}
