import { html, type Html } from './html.ts'

export interface Field {
  readonly name: string
  readonly label: string
  readonly type?: 'text' | 'email' | 'password'
  readonly value?: string | undefined
  readonly autocomplete: string
  readonly hint?: string | undefined
  readonly error?: string | undefined
  readonly inputmode?: 'numeric' | 'text'
  readonly maxLength?: number
  readonly isRequired?: boolean
  readonly isFocused?: boolean
}

/** An input with its label, hint and fault, tied together for whoever hears them instead of seeing them. */
export function field(one: Field): Html {
  const { name, error, hint } = one
  const described = [error && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(' ')
  return html`<div class="field">
    <label for="${name}">${one.label}</label>
    ${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
    ${error && html`<p class="fault" id="${name}-error">${error}</p>`}
    <input
      id="${name}"
      name="${name}"
      type="${one.type ?? 'text'}"
      value="${one.value ?? ''}"
      autocomplete="${one.autocomplete}"
      maxlength="${one.maxLength ?? 256}"
      ${one.inputmode && html` inputmode="${one.inputmode}"`}${
        one.type === 'text' || one.type === undefined ? html` spellcheck="false" autocapitalize="off"` : ''
      }${described !== '' && html` aria-describedby="${described}"`}${error && html` aria-invalid="true"`}${
        one.isRequired !== false && html` required`
      }${one.isFocused && html` autofocus`}
    />
  </div>`
}

/** What is wrong, said first and read aloud at once; each entry leads to its field. */
export function errorSummary(faults: readonly { readonly field?: string; readonly text: string }[]): Html {
  if (faults.length === 0) return html``
  const entries = faults.map((fault) =>
    fault.field === undefined
      ? html`<li>${fault.text}</li>`
      : html`<li><a href="#${fault.field}">${fault.text}</a></li>`,
  )
  return html`<div class="summary" role="alert" tabindex="-1">
    <ul>
      ${entries}
    </ul>
  </div>`
}
