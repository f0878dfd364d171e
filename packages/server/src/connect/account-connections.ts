import { ParleyError, type PersonId } from '@parley/contract'
import type { RawHandler } from '../http/index.ts'
import {
  createPageHandler,
  html,
  type Html,
  type PageAnswer,
  type PageKit,
  type Visit,
} from '../pages/index.ts'
import type { BrowserSession, People } from '../people/index.ts'
import type { ConnectRequest } from './connect-request-store.ts'
import type { Connection, Owner, ServerRef } from './connection.ts'

export interface AccountConnectionsTools {
  readonly pages: PageKit
  readonly people: Pick<People, 'signedIn' | 'requireSession'>
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
  readonly connectionsOf: (owner: Owner) => readonly Connection[]
  readonly disconnect: (connection: Connection, by: PersonId) => Promise<void>
  readonly onError: (error: unknown) => void
}

const PATH = '/account/connections'

/** `/account/connections`: to which servers a person is connected; connecting, and ending it. */
export function createAccountConnections(tools: AccountConnectionsTools): RawHandler {
  const { people, pages, onError } = tools
  const route = (
    method: 'GET' | 'POST',
    path: string,
    answer: (visit: Visit, session: BrowserSession) => PageAnswer | Promise<PageAnswer>,
  ) => ({
    method,
    path,
    needs: 'person',
    answer(visit: Visit) {
      const session = people.signedIn(visit.request)
      if (!session) throw new ParleyError('unauthenticated', 'You are not signed in here any more.')
      return answer(visit, session)
    },
  })
  const routes = [
    route('GET', PATH, (visit, session) => show(tools, visit, session.person)),
    route('POST', `${PATH}/connect`, (visit, session) => connect(tools, visit, session.person)),
    route('POST', `${PATH}/disconnect`, (visit, session) => disconnect(tools, visit, session.person)),
  ]
  const serve = createPageHandler(routes, { kit: pages, admit: () => undefined, onError })
  return function serveAccountConnections(request, response, path) {
    if (people.requireSession(request, response, { returnTo: PATH })) serve(request, response, path)
  }
}

async function connect(tools: AccountConnectionsTools, visit: Visit, person: PersonId): Promise<PageAnswer> {
  const server = tools.serversFor(person).find(({ name }) => name === visit.form.get('server'))
  if (!server) throw new ParleyError('not_found', 'There is no such server for you.')
  const owner = visit.form.get('for') === 'everyone' ? 'shared' : person
  if (owner === 'shared' && !tools.mayShare(person))
    throw new ParleyError('forbidden', 'Only an administrator connects a server for everyone.')
  const request = await tools.begin({ person, owner, server })
  return { kind: 'redirect', to: `/connect/${request.id}` }
}

async function disconnect(
  tools: AccountConnectionsTools,
  visit: Visit,
  person: PersonId,
): Promise<PageAnswer> {
  const own = ownersOf(tools, person).flatMap((owner) => tools.connectionsOf(owner))
  const connection = own.find(({ id }) => id === visit.form.get('connection'))
  if (!connection) throw new ParleyError('not_found', 'You have no such connection.')
  await tools.disconnect(connection, person)
  return { kind: 'redirect', to: PATH }
}

function ownersOf({ mayShare }: AccountConnectionsTools, person: PersonId): Owner[] {
  return mayShare(person) ? [person, 'shared'] : [person]
}

function show(tools: AccountConnectionsTools, visit: Visit, person: PersonId): PageAnswer {
  const servers = tools.serversFor(person)
  const owners = ownersOf(tools, person)
  const known = owners.flatMap((owner) => tools.connectionsOf(owner))
  const cards = servers.map((server) => {
    const here = known.filter((connection) => connection.server === server.id)
    if (here.length === 0 && !tools.wantsSignIn(server.id)) return undefined
    return card(visit, server, { here, owners })
  })
  const shown = cards.filter((one) => one !== undefined)
  return {
    kind: 'page',
    width: 'wide',
    title: 'Connections',
    styles: ['consent.css', 'account-apps.css'],
    body: html`<div class="heading">
        <div>
          <h1>Connections</h1>
          <p class="meta">Servers that want a sign-in of their own. What they gave is kept here, sealed.</p>
        </div>
        <a class="button quiet small" href="/account">Your account</a>
      </div>
      ${
        shown.length === 0
          ? html`<section class="card">
              <h2>Nothing to connect</h2>
              <p class="hint">No server that you may use wants a sign-in of its own.</p>
            </section>`
          : shown
      }`,
  }
}

function card(
  visit: Visit,
  server: ServerRef,
  { here, owners }: { here: readonly Connection[]; owners: readonly Owner[] },
): Html {
  return html`<section class="card" aria-labelledby="server-${server.name}">
    <h2 id="server-${server.name}">${server.name}</h2>
    <p class="meta"><code>${server.url}</code></p>
    <ul class="rows">
      ${owners.map((owner) => line(visit, server, { owner, connection: here.find((one) => one.owner === owner) }))}
    </ul>
  </section>`
}

function line(
  visit: Visit,
  server: ServerRef,
  { owner, connection }: { owner: Owner; connection: Connection | undefined },
): Html {
  const isShared = owner === 'shared'
  const verb = connection === undefined ? 'Connect' : 'Reconnect'
  return html`<li>
    <div class="what">
      <p class="strong">${isShared ? 'For everyone' : 'For you'} ${connection && stateBadge(connection)}</p>
      <p class="meta">${connection ? about(connection) : 'Not connected'}</p>
    </div>
    <form method="post" action="${PATH}/connect">
      ${visit.formField}<input type="hidden" name="server" value="${server.name}" /><input
        type="hidden"
        name="for"
        value="${isShared ? 'everyone' : 'me'}"
      />
      <button
        class="quiet small"
        aria-label="${verb} ${server.name} ${isShared ? 'for everyone' : 'for you'}"
      >
        ${verb}
      </button>
    </form>
    ${
      connection &&
      html`<form method="post" action="${PATH}/disconnect">
        ${visit.formField}<input type="hidden" name="connection" value="${connection.id}" />
        <button
          class="danger small"
          aria-label="Disconnect ${server.name} ${isShared ? 'for everyone' : 'for you'}"
        >
          Disconnect
        </button>
      </form>`
    }
  </li>`
}

function stateBadge({ state }: Connection): Html {
  return state === 'connected'
    ? html`<span class="badge">connected</span>`
    : html`<span class="badge warning">reconnect</span>`
}

function about({ issuer, scope, changedAt }: Connection): string {
  const since = new Date(changedAt).toISOString().slice(0, 16).replace('T', ' ')
  return [issuer, ...(scope === null ? [] : [scope]), `since ${since} UTC`].join(' · ')
}
