import { html, type Html, type Visit } from '../pages/index.ts'

/** The button that starts a ceremony. It shows itself once the script knows that the browser can do it. */
export function passkeyButton(label: string): Html {
  return html`<input type="hidden" name="credential" value="" />
    <button type="button" class="full" data-passkey-button hidden>${KEY_ICON}${label}</button>
    <p class="hint" data-passkey-missing hidden>This browser cannot use passkeys here.</p>
    <noscript><p class="hint">Passkeys need JavaScript.</p></noscript>
    <p class="status" data-passkey-status role="status"></p>`
}

/** A form that is only that: signing in, or confirming, with a passkey. */
export function passkeySignInForm(
  visit: Visit,
  form: {
    readonly action: string
    readonly options: string
    readonly label: string
    readonly autofill: boolean
  },
): Html {
  return html`<form
    method="post"
    action="${form.action}"
    data-passkey="get"
    data-options="${form.options}"
    ${form.autofill && html` data-passkey-autofill`}
  >
    ${visit.formField} ${passkeyButton(form.label)}
  </form>`
}

const KEY_ICON = html`<svg
  width="18"
  height="18"
  viewBox="0 0 24 24"
  fill="none"
  stroke="currentColor"
  stroke-width="2"
  stroke-linecap="round"
  stroke-linejoin="round"
  aria-hidden="true"
>
  <circle cx="8" cy="15" r="4.500" />
  <path d="m11.300 11.700 8.200-8.200M16 7l3 3M19.500 3.500l1.500 1.500" />
</svg>`
