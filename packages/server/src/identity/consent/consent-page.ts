import { errorSummary, html, type Html } from '../../pages/index.ts'
import { voucher } from './app-voucher.ts'
import type { CapabilityGroup, Effect, ServerOffer } from './capability-offer.ts'
import { DEFAULT_SECONDS, DURATIONS, type Choice } from './build-terms.ts'
import { canAllowNothing, describeRedirect, switchName, type ConsentRequest } from './consent-request.ts'
import { durationInWords, limitsInWords, ruleInWords } from './terms-in-words.ts'

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
  /** What the person had chosen when the page comes back with a fault. */
  readonly choice: Choice | undefined
}): Html {
  const { request, offer, personName, fields, fault, choice } = view
  if (canAllowNothing(request)) return nothingPage(request, fields)
  const isOn = (name: string, atFirst: boolean) => choice?.on.has(name) ?? atFirst
  const { app, resource } = request
  return html`<h1><span class="app-name">${app.name}</span> wants to act for you</h1>
    ${whoIsIt(request)} ${errorSummary(fault === undefined ? [] : [{ text: fault }])}
    <form method="post" class="consent">
      ${fields}
      <p>
        You are signed in as <strong>${personName}</strong>. The app asks for access to
        <strong>${resource.name}</strong>:
      </p>
      <p class="address">${resource.identifier}</p>
      ${request.details.length > 0 && detailList(request)} ${whatElse(request, offer, isOn)}
      ${identityList(request)} ${durations(request, choice?.seconds ?? DEFAULT_SECONDS)}
      <div class="actions">
        <button name="decision" value="allow" data-after-ms="500">Allow</button>
        <button name="decision" value="deny" class="quiet" formnovalidate>Deny</button>
      </div>
      <p class="hint">You can end this at any time in your account.</p>
    </form>`
}

/** A request that names nothing a person could allow: there is only the way back. */
function nothingPage(request: ConsentRequest, fields: Html): Html {
  const { app, resource } = request
  return html`<h1><span class="app-name">${app.name}</span> asks for nothing you can allow</h1>
    ${whoIsIt(request)}
    ${errorSummary([{ text: `Nothing it asks for exists at ${resource.name}, so there is nothing to allow.` }])}
    <form method="post" class="consent">
      ${fields}
      <div class="actions"><button name="decision" value="deny">Back to the app</button></div>
      <p class="hint">The app hears that nothing was allowed.</p>
    </form>`
}

type IsOn = (name: string, atFirst: boolean) => boolean

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

/** Details take the place of what the hub offers; the scopes of other resources stand beside them. */
function whatElse(request: ConsentRequest, offer: readonly ServerOffer[], isOn: IsOn): Html {
  if (request.resource.wholeScope === undefined) return scopeList(request, isOn)
  return request.details.length > 0 ? html`` : offerList(offer, isOn)
}

function offerList(offer: readonly ServerOffer[], isOn: IsOn): Html {
  if (offer.length === 0) {
    return html`<p class="notice">
      Nothing is there yet that you could allow. The app can ask again when it needs something.
    </p>`
  }
  return html`${offer.map(
    ({ server, groups }) =>
      html`<fieldset>
        <legend>${server}</legend>
        ${groups.map((group) => groupSwitch(server, group, isOn))}
      </fieldset>`,
  )}`
}

function groupSwitch(server: string, group: CapabilityGroup, isOn: IsOn): Html {
  const name = switchName(server, group)
  const { label, hint } = EFFECTS[group.effect]
  return html`<div class="switch ${group.effect}">
    <input
      type="checkbox"
      id="${name}"
      name="${name}"
      value="on"
      ${isOn(name, group.effect !== 'destroy') && html` checked`}
    />
    <label for="${name}"
      ><strong>${label}</strong> ${hint}
      <span class="hint"
        >· ${group.items.length === 1 ? '1 capability' : `${group.items.length} capabilities`}</span
      ></label
    >
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

function scopeList({ scopes, resource }: ConsentRequest, isOn: IsOn): Html {
  return html`<fieldset>
    <legend>It may</legend>
    ${scopes.map((scope) => {
      const name = `scope.${scope}`
      return html`<div class="switch">
        <input type="checkbox" id="${name}" name="${name}" value="on" ${isOn(name, true) && html` checked`} />
        <label for="${name}">${resource.scopes[scope] ?? scope} <code>${scope}</code></label>
      </div>`
    })}
  </fieldset>`
}

/** RFC 9396 §11.2: everything that was asked for, in words, with what was sent beneath. */
function detailList({ details }: ConsentRequest): Html {
  return html`<fieldset>
    <legend>Exactly this</legend>
    ${details.map(({ capabilities, limits = {}, expires_in }) => {
      const lasts = expires_in === undefined ? [] : [`For ${durationInWords(expires_in)}`]
      return html`<ul class="detail">
        ${capabilities.map((rule) => html`<li>${ruleInWords(rule)}</li>`)}
        ${[...limitsInWords(limits), ...lasts].map((line) => html`<li class="limit">${line}</li>`)}
      </ul>`
    })}
    <details class="sent">
      <summary>As the app sent it</summary>
      ${details.map((detail) => html`<pre>${JSON.stringify(detail, null, 2)}</pre>`)}
    </details>
  </fieldset>`
}

function identityList({ identityScopes }: ConsentRequest): Html {
  if (identityScopes.length === 0) return html``
  return html`<p>It will also be able to:</p>
    <ul class="also">
      ${identityScopes.map((scope) => html`<li>${IDENTITY_WORDS[scope] ?? scope}</li>`)}
    </ul>`
}

function durations({ details }: ConsentRequest, chosen: number): Html {
  const asked = details.map((detail) => detail.expires_in).filter((one) => one !== undefined)
  return html`<div class="field">
    <label for="seconds">For how long?</label>
    <select id="seconds" name="seconds">
      ${Object.entries(DURATIONS).map(
        ([seconds, label]) =>
          html`<option value="${seconds}" ${Number(seconds) === chosen && html` selected`}>${label}</option>`,
      )}
    </select>
    ${asked.length > 0 && html`<p class="hint">The app asks for ${durationInWords(Math.min(...asked))}; it never gets longer.</p>`}
  </div>`
}
