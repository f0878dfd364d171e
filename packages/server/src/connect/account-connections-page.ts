import { html, type Html, type PageAnswer, type Visit } from '../pages/index.ts'
import type { Connection, ConnectionState } from '../vault/index.ts'
import type { ServerRef } from './connection-grant.ts'

export const ACCOUNT_CONNECTIONS_PATH = '/account/connections'

/** One server with whoever may be connected to it: the person, and everyone where the person manages servers. */
export interface ServerCard {
  readonly server: ServerRef
  readonly lines: readonly {
    readonly isShared: boolean
    readonly connection: Connection | undefined
    readonly state: ConnectionState | undefined
  }[]
}

export function accountConnectionsPage(visit: Visit, cards: readonly ServerCard[]): PageAnswer {
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
      ${cards.length === 0 ? nothing() : cards.map((one) => card(visit, one))}`,
  }
}

function nothing(): Html {
  return html`<section class="card">
    <h2>Nothing to connect</h2>
    <p class="hint">No server that you may use wants a sign-in of its own.</p>
  </section>`
}

function card(visit: Visit, { server, lines }: ServerCard): Html {
  return html`<section class="card" aria-labelledby="server-${server.name}">
    <h2 id="server-${server.name}">${server.name}</h2>
    <p class="meta"><code>${server.url}</code></p>
    <ul class="rows">
      ${lines.map((one) => line(visit, server, one))}
    </ul>
  </section>`
}

function line(visit: Visit, server: ServerRef, one: ServerCard['lines'][number]): Html {
  const { isShared, connection, state } = one
  const whom = isShared ? 'for everyone' : 'for you'
  const verb = connection === undefined ? 'Connect' : 'Reconnect'
  return html`<li>
    <div class="what">
      <p class="strong">${isShared ? 'For everyone' : 'For you'} ${state && badge(state)}</p>
      <p class="meta">${connection ? about(connection) : 'Not connected'}</p>
    </div>
    ${
      connection?.kind !== 'headers' &&
      html`<form method="post" action="${ACCOUNT_CONNECTIONS_PATH}/connect">
        ${visit.formField}<input type="hidden" name="server" value="${server.name}" /><input
          type="hidden"
          name="for"
          value="${isShared ? 'everyone' : 'me'}"
        />
        <button class="quiet small" aria-label="${verb} ${server.name} ${whom}">${verb}</button>
      </form>`
    }
    ${
      connection &&
      html`<form method="post" action="${ACCOUNT_CONNECTIONS_PATH}/disconnect">
        ${visit.formField}<input type="hidden" name="connection" value="${connection.id}" />
        <button class="danger small" aria-label="Disconnect ${server.name} ${whom}">Disconnect</button>
      </form>`
    }
  </li>`
}

function badge(state: ConnectionState): Html {
  return state === 'connected'
    ? html`<span class="badge">connected</span>`
    : html`<span class="badge warning">${state}</span>`
}

function about({ kind, issuer, createdAt, usedAt }: Connection): string {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  return [
    kind === 'headers' ? 'a key' : (issuer ?? 'a sign-in'),
    `since ${day(createdAt)}`,
    usedAt === null ? 'not used yet' : `last used ${day(usedAt)}`,
  ].join(' · ')
}
