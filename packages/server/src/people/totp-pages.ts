import { encode } from 'uqr'
import { errorSummary, field, html, type Html, type PageAnswer, type Visit } from '../pages/index.ts'
import { self } from './changes.ts'
import { readWish, withWish } from './demand.ts'
import type { Parts } from './parts.ts'
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.ts'
import type { SessionRow } from './session-store.ts'
import { findTotpStep, newTotpSecret, totpText, totpUri } from './totp.ts'
import { whoIsHere } from './who-is-here.ts'

const WRONG_CODE =
  'That is not the code of this key right now. Check that your phone’s clock is right, and enter the newest code.'

/** GET /login/enrol/totp and /account/totp: the key to scan, and a field for its first code. */
export function showTotp(parts: Parts, visit: Visit): PageAnswer {
  return totpPage(parts, visit, newTotpSecret(parts.random))
}

/** POST of the same: the app is in use once it has shown a right code; recovery codes come with it. */
export async function submitTotp(parts: Parts, visit: Visit, next: string): Promise<PageAnswer> {
  const { person, session } = whoIsHere(parts, visit)
  const secret = openOffered(parts, session, visit.form.get('key') ?? '')
  if (!secret)
    return totpPage(parts, visit, newTotpSecret(parts.random), 'This page was too old. Scan the new key.')
  const now = parts.clock.now()
  const step = findTotpStep(secret, (visit.form.get('code') ?? '').replaceAll(/\s/g, ''), now)
  if (step === undefined) return totpPage(parts, visit, secret, WRONG_CODE)
  const codes = newRecoveryCodes(parts.random)
  const sealed = parts.sealer.seal(secret, { table: 'totp', column: 'secret', id: person.id })
  const isFirst = session.acr === 'urn:parley:1fa'
  const opened = isFirst
    ? parts.sessions.prove(session, { acr: 'urn:parley:2fa', amr: ['pwd', 'otp', 'mfa'] })
    : parts.sessions.rotate(session)
  const done = await parts.changes.attempt({
    action: 'totp.set',
    by: self(person),
    note: 'authenticator app and recovery codes',
    unit: [
      ...(isFirst ? [parts.factors.requireNoSecondFactor(person.id)] : []),
      parts.factors.saveTotp(person.id, { secret: sealed, step, at: now }),
      ...parts.factors.saveRecoveryCodes(person.id, codes.map(hashRecoveryCode)),
      ...opened.unit,
    ],
  })
  if (!done) return { kind: 'redirect', to: '/login' }
  return { ...recoveryCodesPage(codes, next), cookies: [opened.cookie] }
}

/** Shown once; only their hashes are kept. */
export function recoveryCodesPage(codes: readonly string[], next: string): PageAnswer & { kind: 'page' } {
  return {
    kind: 'page',
    title: 'Save your recovery codes',
    scripts: ['copy.js'],
    body: html`<h1>Save your recovery codes</h1>
      <p class="lead">
        Each opens your account once, with your password, when your phone is gone. They are not shown again.
      </p>
      <ul class="codes" id="codes">
        ${codes.map((code) => html`<li>${code}</li>`)}
      </ul>
      <div class="actions">
        <button type="button" class="quiet" data-copy="codes" hidden>Copy</button>
        <a class="button" href="${next}">I have saved them</a>
      </div>`,
  }
}

function totpPage(parts: Parts, visit: Visit, secret: Uint8Array, fault?: string): PageAnswer {
  const { person, session } = whoIsHere(parts, visit)
  const uri = totpUri(secret, { email: person.email, host: new URL(parts.kit.origin).host })
  const action =
    session.acr === 'urn:parley:1fa' ? withWish('/login/enrol/totp', readWish(visit.query)) : '/account/totp'
  return {
    kind: 'page',
    status: fault === undefined ? 200 : 400,
    title: 'Authenticator app',
    body: html`<h1>Authenticator app</h1>
      <p class="lead">Scan this with an app such as Aegis, 1Password or Google Authenticator.</p>
      ${errorSummary(fault === undefined ? [] : [{ field: 'code', text: fault }])} ${qrCode(uri)}
      <details>
        <summary>I cannot scan it</summary>
        <p class="hint">Enter this key in the app. It is based on time and has six digits.</p>
        <p class="secret">${totpText(secret)}</p>
      </details>
      <form method="post" action="${action}" class="below">
        ${visit.formField}<input type="hidden" name="key" value="${sealOffered(parts, session, secret)}" />
        ${field({
          name: 'code',
          label: 'Code that the app shows',
          autocomplete: 'one-time-code',
          inputmode: 'numeric',
          maxLength: 9,
          error: fault,
        })}
        <button class="full">Turn it on</button>
      </form>`,
  }
}

/** The key of the page, bound to the session that saw it; nothing is kept until a code proves that the app has it. */
function sealOffered(parts: Parts, session: SessionRow, secret: Uint8Array): string {
  const place = { table: 'totp', column: 'offered', id: session.id }
  return parts.sealer.seal(secret, place).toString('base64url')
}

function openOffered(parts: Parts, session: SessionRow, sealed: string): Uint8Array | undefined {
  try {
    const place = { table: 'totp', column: 'offered', id: session.id }
    return parts.sealer.open(Buffer.from(sealed, 'base64url'), place)
  } catch {
    // Another session's, or altered: the page starts anew.
    return undefined
  }
}

/** Black on white in both colour schemes: what scanners expect. */
function qrCode(text: string): Html {
  const { data, size } = encode(text, { border: 3 })
  const runs = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
  return html`<svg
    class="qr"
    viewBox="0 0 ${size} ${size}"
    shape-rendering="crispEdges"
    role="img"
    aria-label="QR code for an authenticator app"
  >
    <rect width="${size}" height="${size}" fill="#fff" />
    <path d="${runs.join('')}" fill="#000" />
  </svg>`
}
