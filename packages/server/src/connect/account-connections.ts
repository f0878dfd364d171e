import { ParleyError, type PersonId } from '@parley/contract'
import type { RawHandler } from '../http/index.ts'
import type { Clock } from '../lib/clock.ts'
import { createPageHandler, type PageAnswer, type PageKit, type Visit } from '../pages/index.ts'
import { accountRoutes, type People } from '../people/index.ts'
import { stateOf, type Vault } from '../vault/index.ts'
import {
  ACCOUNT_CONNECTIONS_PATH as PATH,
  accountConnectionsPage,
  type ServerCard,
} from './account-connections-page.ts'
import type { ConnectRequest } from './connect-request-store.ts'
import type { Owner, ServerRef } from './connection-grant.ts'

export interface AccountConnectionsTools {
  readonly pages: PageKit
  readonly people: Pick<People, 'signedIn' | 'requireSession'>
  readonly vault: Pick<Vault, 'of' | 'find' | 'remove'>
  readonly clock: Clock
  readonly begin: (wish: {
    readonly person: PersonId
    readonly owner: Owner
    readonly server: ServerRef
  }) => Promise<ConnectRequest>
  /** Servers over HTTP that the person may use or manages, in name order. */
  readonly serversFor: (person: PersonId) => readonly ServerRef[]
  /** Whether they may connect servers for everyone. */
  readonly mayShare: (person: PersonId) => boolean
  /** True once the server was seen to want a sign-in. */
  readonly wantsSignIn: (server: string) => boolean
  readonly onError: (error: unknown) => void
}

/** `/account/connections`: to which servers a person is connected; connecting, and ending it. */
export function createAccountConnections(tools: AccountConnectionsTools): RawHandler {
  const { people, pages, onError } = tools
  const route = accountRoutes(people)
  const routes = [
    route('GET', PATH, (visit, { person }) => accountConnectionsPage(visit, cardsFor(tools, person))),
    route('POST', `${PATH}/connect`, (visit, session) => connect(tools, visit, session.person)),
    route('POST', `${PATH}/disconnect`, (visit, session) => disconnect(tools, visit, session.person)),
  ]
  const serve = createPageHandler(routes, { kit: pages, admit: () => undefined, onError })
  return function serveAccountConnections(request, response, path) {
    if (people.requireSession(request, response, { returnTo: PATH })) serve(request, response, path)
  }
}

function cardsFor(tools: AccountConnectionsTools, person: PersonId): readonly ServerCard[] {
  const { vault, clock, serversFor, wantsSignIn } = tools
  const owners = ownersOf(tools, person)
  return serversFor(person).flatMap((server) => {
    const lines = owners.map((owner) => {
      const connection = vault.of(server.id, owner)
      return {
        isShared: owner === null,
        connection,
        state: connection && stateOf(connection, clock.now()),
      }
    })
    const isShown = lines.some(({ connection }) => connection !== undefined) || wantsSignIn(server.id)
    return isShown ? [{ server, lines }] : []
  })
}

async function connect(tools: AccountConnectionsTools, visit: Visit, person: PersonId): Promise<PageAnswer> {
  const server = tools.serversFor(person).find(({ name }) => name === visit.form.get('server'))
  if (!server) throw new ParleyError('not_found', 'There is no such server for you.')
  const owner = visit.form.get('for') === 'everyone' ? null : person
  if (owner === null && !tools.mayShare(person))
    throw new ParleyError('forbidden', 'Only an administrator connects a server for everyone.')
  const request = await tools.begin({ person, owner, server })
  return { kind: 'redirect', to: `/connect/${request.id}` }
}

/** Of somebody else is the same as none. */
async function disconnect(
  tools: AccountConnectionsTools,
  visit: Visit,
  person: PersonId,
): Promise<PageAnswer> {
  const wanted = visit.form.get('connection')
  const own = tools.serversFor(person).flatMap(({ id }) => {
    return ownersOf(tools, person).map((owner) => tools.vault.of(id, owner))
  })
  const connection = own.find((one) => one !== undefined && one.id === wanted)
  if (!connection) throw new ParleyError('not_found', 'You have no such connection.')
  await tools.vault.remove(connection.id, { subject: person, person })
  return { kind: 'redirect', to: PATH }
}

function ownersOf({ mayShare }: AccountConnectionsTools, person: PersonId): Owner[] {
  return mayShare(person) ? [person, null] : [person]
}
