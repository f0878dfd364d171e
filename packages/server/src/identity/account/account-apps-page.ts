import type { Grant, GrantId } from '@parley/contract'
import { html, type Html } from '../../pages/index.ts'
import { voucher } from '../consent/app-voucher.ts'
import { plural } from '../consent/terms-in-words.ts'
import type { ActingGrant, Holder } from './acting-grants.ts'
import type { GrantWords, ServerPart } from './describe-grant.ts'

export interface AccountAppsView {
  readonly acting: readonly ActingGrant[]
  /** Whose agents are shown; undefined for what the person let in. */
  readonly within: { readonly id: GrantId; readonly name: string } | undefined
  readonly total: number
  /** Place of the first one shown, from 1. */
  readonly first: number
  /** After which the next page begins. */
  readonly next: GrantId | undefined
  readonly describe: (grant: Grant) => GrantWords
  readonly lastIssuedAt: (id: GrantId) => number | undefined
  readonly formField: Html
  /** Who has just been ended. */
  readonly ended: string | undefined
}

/** Everything that acts in a person's name; names are words of others, and text. */
export function accountAppsPage(view: AccountAppsView): Html {
  const { acting, total, ended, within } = view
  return html`<div class="heading">
      <div>
        <h1>What acts for you</h1>
        <p class="meta">
          ${within ? `Agents that ${within.name} has passed this on to.` : 'Apps and agents that may use this hub in your name.'}
        </p>
      </div>
      ${
        within
          ? html`<a class="button quiet small" href="/account/apps">All that acts for you</a>`
          : html`<a class="button quiet small" href="/account">Your account</a>`
      }
    </div>
    ${
      ended !== undefined &&
      html`<p class="notice" role="status">
        Ended: <strong>${ended}</strong> can no longer act for you, nor can any agent it had passed this on
        to.
      </p>`
    }
    ${total === 0 ? nothing() : acting.map((one) => grantCard(view, one))} ${pager(view)}`
}

function nothing(): Html {
  return html`<section class="card">
    <h2>Nothing acts for you</h2>
    <p class="hint">When you allow an app something, it stands here, and you can end it here.</p>
  </section>`
}

function grantCard(view: AccountAppsView, one: ActingGrant): Html {
  const { grant, holder } = one
  const since = moment(grant.createdAt)
  const title = `grant-${grant.id}`
  return html`<section class="card acting" aria-labelledby="${title}">
    <div class="heading">
      <div>
        <h2 id="${title}">${holder.name}</h2>
        <p class="meta">${whoIs(view, holder)}</p>
      </div>
      <form method="post" action="/account/apps/end">
        ${view.formField}<input type="hidden" name="grant" value="${grant.id}" />
        <button class="danger small" aria-label="End it: ${holder.name}, since ${since}">End it</button>
      </form>
    </div>
    ${powers(view.describe(grant))}
    <p class="meta">${[until(grant), `since ${since}`, lastUse(view.lastIssuedAt(grant.id))].join(' · ')}</p>
    ${agentList(view, one)}
  </section>`
}

function whoIs({ within }: AccountAppsView, holder: Holder): Html {
  if (holder.kind === 'agent')
    return html`<span class="badge">agent</span> It acts for you
      ${within ? `through ${within.name}` : 'directly'}.`
  const { app } = holder
  if (!app) return html`<span class="badge warning">removed</span>`
  const isSuspended = app.state === 'suspended'
  return html`${voucher(app)}${isSuspended && html` <span class="badge warning">suspended</span>`}`
}

function powers(words: GrantWords): Html {
  const { servers, scopes, rules, limits } = words
  const isEmpty = servers.length === 0 && scopes.length === 0
  return html`<ul class="powers">
      ${servers.map((part) => html`<li><strong>${part.server}</strong> ${counted(part)}</li>`)}
      ${scopes.map(({ resource, words: said }) => html`<li><strong>${resource}</strong> ${said.join('; ')}</li>`)}
      ${isEmpty && html`<li>${rules.length === 0 ? 'Nothing yet; it asks when it needs something.' : 'Nothing that is there now.'}</li>`}
    </ul>
    ${
      rules.length + limits.length > 0 &&
      html`<details>
        <summary>Exactly what?</summary>
        <ul class="exactly">
          ${[...limits, ...rules].map((line) => html`<li>${line}</li>`)}
        </ul>
      </details>`
    }`
}

function counted({ counts: { read, change, destroy } }: ServerPart): Html {
  const parts = [
    read > 0 && html`<span class="effect">read ${read}</span>`,
    change > 0 && html`<span class="effect">change ${change}</span>`,
    destroy > 0 && html`<span class="effect destroy">destructive ${destroy}</span>`,
  ]
  return html`${parts}`
}

function agentList(view: AccountAppsView, { grant: parent, below, belowCount }: ActingGrant): Html {
  if (belowCount === 0) return html``
  const all = html`<a href="/account/apps?in=${parent.id}">
    ${belowCount === 1 ? 'The agent' : `All ${belowCount} agents`} it has passed this on to</a
  >`
  if (below.length === 0) return html`<p class="meta">${all}</p>`
  return html`<ul class="agents" aria-label="Agents it has passed this on to">
      ${below.map((one) => agentItem(view, one))}
    </ul>
    ${below.length < belowCount && html`<p class="meta">${all}</p>`}`
}

function agentItem(view: AccountAppsView, one: ActingGrant): Html {
  const { grant, holder } = one
  return html`<li>
    <p class="strong">${holder.name} <span class="tag">agent</span></p>
    ${powers(view.describe(grant))}
    <p class="meta">${until(grant)} · since ${moment(grant.createdAt)}</p>
    ${agentList(view, one)}
  </li>`
}

function pager({ acting, total, first, next, within }: AccountAppsView): Html {
  if (acting.length === total) return html``
  const list = within ? `/account/apps?in=${within.id}` : '/account/apps'
  const older = `${list}${within ? '&' : '?'}after=${next}`
  return html`<nav class="actions" aria-label="Pages">
    <p class="meta">${first} to ${first + acting.length - 1} of ${plural(total, 'grant')}</p>
    ${first > 1 && html`<a class="button quiet small" href="${list}">Newest</a>`}
    ${next !== undefined && html`<a class="button quiet small" href="${older}">Older</a>`}
  </nav>`
}

function until({ terms: { expiresAt } }: Grant): string {
  return expiresAt === null ? 'until you end it' : `until ${moment(expiresAt)}`
}

function lastUse(issuedAt: number | undefined): string {
  return issuedAt === undefined ? 'no refresh so far' : `last renewed ${moment(issuedAt)}`
}

function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
