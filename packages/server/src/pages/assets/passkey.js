// Runs the passkey ceremonies of a page: forms with data-passkey="create" or "get" hold the options and take the answer.

let waiting = new AbortController()

for (const form of document.querySelectorAll('form[data-passkey]')) prepare(form)

function prepare(form) {
  const button = form.querySelector('button[data-passkey-button]')
  if (!isSupported()) {
    form.querySelector('[data-passkey-missing]')?.removeAttribute('hidden')
    return
  }
  button.hidden = false
  button.addEventListener('click', () => run(form, button))
  if (form.dataset.passkey === 'get' && 'passkeyAutofill' in form.dataset) offer(form)
}

function isSupported() {
  const api = window.PublicKeyCredential
  return Boolean(api?.parseCreationOptionsFromJSON && api.parseRequestOptionsFromJSON)
}

async function run(form, button) {
  for (const input of form.querySelectorAll('input[required]:not([type=password])')) {
    if (!input.reportValidity()) return
  }
  waiting.abort()
  button.disabled = true
  say(form, 'Waiting for your device…')
  try {
    send(form, await (form.dataset.passkey === 'create' ? create(form) : get(form, {})))
  } catch (error) {
    button.disabled = false
    say(form, explain(error), true)
  }
}

function create(form) {
  const options = JSON.parse(form.dataset.options)
  options.user.name ||= form.elements.email.value.trim().toLowerCase()
  options.user.displayName ||= form.elements.name?.value.trim() || options.user.name
  return navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
  })
}

function get(form, mediation) {
  const options = JSON.parse(form.dataset.options)
  return navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
    ...mediation,
  })
}

/** Passkeys among what the browser offers for the email field. */
async function offer(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return
  waiting = new AbortController()
  try {
    send(form, await get(form, { mediation: 'conditional', signal: waiting.signal }))
  } catch (error) {
    if (error.name !== 'AbortError' && error.name !== 'NotAllowedError') say(form, explain(error), true)
  }
}

function send(form, credential) {
  form.elements.credential.value = JSON.stringify(credential)
  form.submit()
}

function say(form, text, isFault = false) {
  const status = form.querySelector('[data-passkey-status]')
  status.textContent = text
  status.classList.toggle('fault', isFault)
}

function explain(error) {
  if (error.name === 'InvalidStateError') return 'This device already has a passkey for your account.'
  if (error.name === 'NotAllowedError') return 'That was stopped, or took too long. Try again.'
  if (error.name === 'NotSupportedError' || error.name === 'ConstraintError')
    return 'This device cannot make a passkey that checks who you are. Use another device, or a password.'
  if (error.name === 'SecurityError')
    return 'Passkeys do not work at this address. Open the page at its own name.'
  return 'That did not work. Try again.'
}
