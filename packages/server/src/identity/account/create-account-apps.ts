import { ParleyError, isId, type Grant } from '@parley/contract'
import type { Grants } from '../../grants/index.ts'
import type { RawHandler } from '../../http/index.ts'
import { createPageHandler, type PageAnswer, type PageKit, type Visit } from '../../pages/index.ts'
import { accountRoutes, type BrowserSession, type People } from '../../people/index.ts'
import type { DescribeCapabilities } from '../consent/capability-offer.ts'
import type { FamilyStore } from '../provider/family-store.ts'
import type { Resources } from '../resources/resource.ts'
import { findOwn, holderOf, listActing, listPassedOn, withBelow } from './acting-grants.ts'
import type { ActingGrantSources } from './acting-grants.ts'
import { accountAppsPage } from './account-apps-page.ts'
import { describeGrant, type GrantReader } from './describe-grant.ts'

export interface AccountAppsTools extends ActingGrantSources {
  readonly pages: PageKit
  readonly people: Pick<People, 'requireSession' | 'signedIn'>
  readonly grants: Pick<Grants, 'covers' | 'find' | 'list' | 'revoke'>
  readonly resources: Resources
  readonly describeCapabilities: DescribeCapabilities
  readonly families: Pick<FamilyStore, 'lastIssuedAt'>
  readonly onError: (error: unknown) => void
}

export const ACCOUNT_APPS_PATH = '/account/apps'
const PAGE_SIZE = 50
const LEVELS_SHOWN = 2

/** `/account/apps`: what acts in a person's name, and the end of it. */
export function createAccountApps(tools: AccountAppsTools): RawHandler {
  const { people, pages, onError } = tools
  const route = accountRoutes(people)
  const routes = [
    route('GET', ACCOUNT_APPS_PATH, (visit, session) => show(tools, visit, session)),
    route('POST', `${ACCOUNT_APPS_PATH}/end`, (visit, session) => end(tools, visit, session)),
  ]
  const serve = createPageHandler(routes, { kit: pages, admit: () => undefined, onError })
  return function serveAccountApps(request, response, path) {
    if (people.requireSession(request, response, { returnTo: ACCOUNT_APPS_PATH }))
      serve(request, response, path)
  }
}

function show(tools: AccountAppsTools, visit: Visit, { person }: BrowserSession): PageAnswer {
  const within = ownNamed(tools, person, visit.query.get('in'))
  const all = within ? listPassedOn(tools, within.id) : listActing(tools, person)
  const after = all.findIndex(({ id }) => id === visit.query.get('after'))
  const grants = all.slice(after + 1, after + 1 + PAGE_SIZE)
  const { resources, families, describeCapabilities } = tools
  const reader: GrantReader = {
    resources,
    offer: describeCapabilities(resources.fallback, person),
    covers: (id, capability) => tools.grants.covers(id, capability),
  }
  return {
    kind: 'page',
    width: 'wide',
    title: 'What acts for you',
    styles: ['consent.css', 'account-apps.css'],
    body: accountAppsPage({
      acting: grants.map((grant) => withBelow(tools, grant, LEVELS_SHOWN)),
      within: within && { id: within.id, name: holderOf(tools, within).name },
      total: all.length,
      first: after + 2,
      next: all.length > after + 1 + PAGE_SIZE ? grants.at(-1)?.id : undefined,
      describe: (grant) => describeGrant(grant, reader),
      lastIssuedAt: (id) => families.lastIssuedAt(id),
      formField: visit.formField,
      ended: endedName(tools, visit, person),
    }),
  }
}

/** Ending is safe, so that it needs no fresh proof. What has ended already is told the same way: two clicks are one. */
async function end(tools: AccountAppsTools, visit: Visit, { person }: BrowserSession): Promise<PageAnswer> {
  const grant = ownNamed(tools, person, visit.form.get('grant'))
  if (!grant) throw new ParleyError('not_found', 'There is nothing like that in your account.')
  await tools.grants.revoke(grant.id, person)
  return { kind: 'redirect', to: `${ACCOUNT_APPS_PATH}?ended=${grant.id}` }
}

/** The address can only say what is true: the name of something of this person's that has ended. */
function endedName(
  tools: AccountAppsTools,
  visit: Visit,
  person: BrowserSession['person'],
): string | undefined {
  const grant = ownNamed(tools, person, visit.query.get('ended'))
  return grant?.state === 'revoked' ? holderOf(tools, grant).name : undefined
}

function ownNamed(tools: AccountAppsTools, person: BrowserSession['person'], id = ''): Grant | undefined {
  return isId('grant', id) ? findOwn(tools, person, id) : undefined
}
