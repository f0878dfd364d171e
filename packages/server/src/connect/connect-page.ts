import { voucher } from '../identity/index.ts'
import type { App } from '../clients/index.ts'
import { errorSummary, html, type Html, type PageAnswer, type Visit } from '../pages/index.ts'
import type { ConnectRequest } from './connect-request-store.ts'
import type { ServerRef } from './connection-grant.ts'
import type { ConnectionPlan } from './plan-connection.ts'

export interface Question {
  readonly request: ConnectRequest
  readonly server: ServerRef
  readonly plan: Extract<ConnectionPlan, { kind: 'ready' }>
  /** Through which the call came; undefined when nothing but the person began it. */
  readonly app: App | undefined
  readonly redirectUri: string
  readonly ticket: string
  readonly fault: string | undefined
}

/** What a person agrees to before they go: who asks, for what, at whom, and where the answer goes (PX2). */
export function connectPage(visit: Visit, question: Question): PageAnswer {
  const { request, server, plan, ticket, fault } = question
  return {
    kind: 'page',
    ...(fault !== undefined && { status: 409 }),
    title: `Connect ${server.name}`,
    scripts: ['consent.js'],
    styles: ['consent.css'],
    body: html`<h1>Connect <span class="app-name">${server.name}</span></h1>
      <p>
        The server wants to know who calls. You sign in there, and this hub keeps the token that it gives,
        sealed.
        ${
          request.owner === null
            ? html`<strong>Everyone who may use this server</strong> then calls it with what you allow there.`
            : 'It is used for your calls alone, and no app gets to see it.'
        }
      </p>
      ${errorSummary(fault === undefined ? [] : [{ text: fault }])} ${facts(question)}
      <form method="post" class="consent">
        ${visit.formField}<input type="hidden" name="ticket" value="${ticket}" />
        <p>
          The next page is one of <strong>${new URL(plan.server.authorizationEndpoint).host}</strong>. Only
          type your password there if you know that address.
        </p>
        <div class="actions">
          <button name="choice" value="allow" data-after-ms="500">Go on there</button>
          <button name="choice" value="deny" class="quiet">Do not connect</button>
        </div>
        <p class="hint">You can disconnect at any time in <a href="/account/connections">your account</a>.</p>
      </form>`,
  }
}

function facts({ server, plan, request, app, redirectUri }: Question): Html {
  return html`<dl class="facts">
    ${
      request.app !== null &&
      html`<dt>App</dt>
        <dd>${app ? html`${app.name} ${voucher(app)}` : 'It is not known here any more.'}</dd>`
    }
    <dt>Server</dt>
    <dd><code>${server.url}</code></dd>
    <dt>Signs you in</dt>
    <dd><code>${plan.server.issuer}</code></dd>
    <dt>Asks there for</dt>
    <dd>
      ${plan.scope === undefined ? 'what the server gives by default' : html`<code>${plan.scope}</code>`}
    </dd>
    <dt>The answer goes to</dt>
    <dd><code>${redirectUri}</code>, this hub</dd>
  </dl>`
}

export function connectedPage(server: ServerRef): PageAnswer {
  return {
    kind: 'page',
    title: 'Connected',
    body: html`<h1>Connected</h1>
      <p>${server.name} is connected. If an app sent you here, go back to it: it can go on now.</p>
      <p class="hint">Your connections stand in <a href="/account/connections">your account</a>.</p>`,
  }
}

export function notConnectedPage(why: string): PageAnswer {
  return {
    kind: 'page',
    status: 409,
    title: 'Not connected',
    body: html`<h1>Not connected</h1>
      <p role="alert">${why}</p>
      <p class="hint">You can try again from <a href="/account/connections">your account</a>.</p>`,
  }
}

/** The same for a request of somebody else, one that has ended, and one that never was. */
export function nothingHere(): PageAnswer {
  return {
    kind: 'page',
    status: 404,
    title: 'Nothing to connect here',
    body: html`<h1>Nothing to connect here</h1>
      <p>
        This link is not for you, was used already, or is older than ten minutes. If an app sent you here, try
        again there, or connect from <a href="/account/connections">your account</a>.
      </p>`,
  }
}
