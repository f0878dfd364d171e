import { html, type Html } from '../../pages/index.ts'
import type { CapabilityGroup, Effect, ServerOffer } from './capability-offer.ts'
import { DEFAULT_SECONDS, DURATIONS } from './build-terms.ts'
import { describeRedirect, switchName, type ConsentRequest } from './consent-request.ts'

const EFFECTS: Readonly<Record<Effect, { readonly label: string; readonly hint: string }>> = {
  read: { label: 'Read', hint: 'Look things up' },
  change: { label: 'Change', hint: 'Create and change things' },
  destroy: { label: 'Destructive', hint: 'May delete or overwrite things' },
}

const IDENTITY_WORDS: Readonly<Record<string, string>> = {
  openid: 'Know that it is you',
  profile: 'See your name',
  email: 'See your e-mail address',
  offline_access: 'Keep access while you are away',
}

/** What a person sees before an app may act for them; everything an app or server says is text. */
export function consentPage(view: {
  readonly request: ConsentRequest
  readonly offer: readonly ServerOffer[]
  readonly personName: string
  /** Hidden fields that bind the form. */
  readonly fields: Html
  readonly fault: string | undefined
}): Html {
  const { request, offer, personName, fields, fault } = view
  const { app, resource } = request
  return html`<h1><span class="app-name">${app.name}</span> wants to act for you</h1>
    ${whoIsIt(request)} ${fault !== undefined && html`<p class="summary" role="alert">${fault}</p>`}
    <form method="post" class="consent">
      ${fields}
      <p>
        You are signed in as <strong>${personName}</strong>. The app asks for access to
        <strong>${resource.name}</strong>:
      </p>
      <p class="address">${resource.identifier}</p>
      ${request.details.length > 0 && detailList(request)} ${whatElse(request, offer)}
      ${identityList(request)} ${durations(request)}
      <div class="actions">
        <button name="decision" value="allow" data-after-ms="500">Allow</button>
        <button name="decision" value="deny" class="quiet" formnovalidate>Deny</button>
      </div>
      <p class="hint">You can end this at any time in your account.</p>
    </form>`
}

/** Who vouches for the name, and where the answer goes: a name alone can be anybody's. */
function whoIsIt({ app, redirectUri }: ConsentRequest): Html {
  const redirect = describeRedirect(redirectUri)
  return html`<dl class="facts">
      <dt>App</dt>
      <dd>${voucher(app)}</dd>
      <dt>Answer to</dt>
      <dd><strong>${redirect.host}</strong></dd>
    </dl>
    ${
      redirect.isLocal &&
      html`<p class="notice local" role="note">
        The answer goes to a program on this computer, and Parley cannot tell which. Go on only if you have
        just started this yourself.
      </p>`
    }`
}

function voucher({ verifiedHost, source }: ConsentRequest['app']): Html {
  if (verifiedHost !== null)
    return html`<span class="badge">verified</span> It belongs to <strong>${verifiedHost}</strong>.`
  if (source === 'static')
    return html`<span class="badge">known</span> An administrator of this hub entered it.`
  return html`<span class="badge warning">unverified</span> Anyone can give an app this name.`
}

/** Details take the place of what the hub offers; the scopes of other resources stand beside them. */
function whatElse(request: ConsentRequest, offer: readonly ServerOffer[]): Html {
  if (request.resource.kind !== 'mcp') return scopeList(request)
  return request.details.length > 0 ? html`` : offerList(offer)
}

function offerList(offer: readonly ServerOffer[]): Html {
  if (offer.length === 0) {
    return html`<p class="notice">
      Nothing is there yet that you could allow. The app can ask again when it needs something.
    </p>`
  }
  return html`${offer.map(
    ({ server, groups }) =>
      html`<fieldset>
        <legend>${server}</legend>
        ${groups.map((group) => groupSwitch(server, group))}
      </fieldset>`,
  )}`
}

function groupSwitch(server: string, group: CapabilityGroup): Html {
  const name = switchName(server, group)
  const { label, hint } = EFFECTS[group.effect]
  const count = group.items.length === 1 ? '1 capability' : `${group.items.length} capabilities`
  return html`<div class="switch ${group.effect}">
    <input
      type="checkbox"
      id="${name}"
      name="${name}"
      value="on"
      ${group.effect !== 'destroy' && html` checked`}
    />
    <label for="${name}"><strong>${label}</strong> ${hint} <span class="hint">· ${count}</span></label>
    <details>
      <summary>Which ones?</summary>
      <ul>
        ${group.items.map(
          ({ title, description, capability }) =>
            html`<li>
              <strong>${title}</strong> <code>${capability}</code>${
                description !== undefined && html`<br />${description}`
              }
            </li>`,
        )}
      </ul>
    </details>
  </div>`
}

function scopeList({ scopes, resource }: ConsentRequest): Html {
  return html`<fieldset>
    <legend>It may</legend>
    ${scopes.map((scope) => {
      const name = `scope.${scope}`
      return html`<div class="switch">
        <input type="checkbox" id="${name}" name="${name}" value="on" checked />
        <label for="${name}">${resource.scopes[scope] ?? scope} <code>${scope}</code></label>
      </div>`
    })}
  </fieldset>`
}

/** RFC 9396 §11.2: exactly what was asked for, not a description of it. */
function detailList({ details }: ConsentRequest): Html {
  return html`<fieldset>
    <legend>Exactly this</legend>
    ${details.map((detail) => html`<pre>${JSON.stringify(detail, null, 2)}</pre>`)}
  </fieldset>`
}

function identityList({ identityScopes }: ConsentRequest): Html {
  if (identityScopes.length === 0) return html``
  return html`<p>It will also be able to:</p>
    <ul class="also">
      ${identityScopes.map((scope) => html`<li>${IDENTITY_WORDS[scope] ?? scope}</li>`)}
    </ul>`
}

function durations({ details }: ConsentRequest): Html {
  const asked = details.map((detail) => detail.expires_in).filter((one) => one !== undefined)
  return html`<div class="field">
    <label for="seconds">For how long?</label>
    <select id="seconds" name="seconds">
      ${Object.entries(DURATIONS).map(
        ([seconds, label]) =>
          html`<option value="${seconds}" ${Number(seconds) === DEFAULT_SECONDS && html` selected`}>
            ${label}
          </option>`,
      )}
    </select>
    ${asked.length > 0 && html`<p class="hint">The app asks for ${Math.min(...asked)} seconds; it never gets longer.</p>`}
  </div>`
}
