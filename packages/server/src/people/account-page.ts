import { html, type Html, type PageAnswer, type Visit } from '../pages/index.ts'
import type { Parts } from './parts.ts'
import type { Person } from './people.ts'
import type { SessionRow } from './session-store.ts'
import { whoIsHere } from './who-is-here.ts'

const ROLE_WORDS: Readonly<Record<string, string>> = {
  admin: 'Administrator',
  operator: 'Operator',
  auditor: 'Auditor',
  member: 'Member',
}

/** GET /account: who I am, what protects the account, and where it is open. */
export function showAccount(parts: Parts, visit: Visit): PageAnswer {
  const { person, session } = whoIsHere(parts, visit)
  return {
    kind: 'page',
    width: 'wide',
    title: 'Your account',
    body: html`<div class="heading">
        <div>
          <h1>${person.name}</h1>
          <p class="meta">${person.email} · ${person.roles.map((role) => ROLE_WORDS[role]).join(', ')}</p>
        </div>
        <form method="post" action="/logout">
          ${visit.formField}<button class="quiet small">Sign out</button>
        </form>
      </div>
      ${actingCard(parts, person)} ${parts.hasConnections && connectionsCard()} ${presentationCard()}
      ${passkeysCard(parts, visit, person)} ${passwordCard(parts, person)} ${appCard(parts, visit, person)}
      ${sessionsCard(parts, visit, session)}`,
  }
}

function actingCard(parts: Parts, person: Person): Html {
  const count = parts.countActing(person.id)
  const who = count === 1 ? 'One app or agent may' : `${count} apps and agents may`
  return html`<section class="card" aria-labelledby="acting">
    <h2 id="acting">What acts for you</h2>
    <p class="hint">
      ${count === 0 ? 'No app or agent may use this hub in your name.' : `${who} use this hub in your name.`}
    </p>
    ${
      count > 0 &&
      html`<div class="actions">
        <a class="button quiet small" href="/account/apps">See what they may do, or end it</a>
      </div>`
    }
  </section>`
}

function connectionsCard(): Html {
  return html`<section class="card" aria-labelledby="connections">
    <h2 id="connections">Connections</h2>
    <p class="hint">Accounts of yours at servers that want a sign-in of their own.</p>
    <div class="actions">
      <a class="button quiet small" href="/account/connections">See them, connect or disconnect</a>
    </div>
  </section>`
}

function presentationCard(): Html {
  return html`<section class="card" aria-labelledby="presentation">
    <h2 id="presentation">How answers are put to you</h2>
    <p class="hint">Language, wording, and what you need to see or hear them.</p>
    <div class="actions">
      <a class="button quiet small" href="/account/presentation">Say it, or change it</a>
    </div>
  </section>`
}

function passkeysCard(parts: Parts, visit: Visit, person: Person): Html {
  const passkeys = parts.factors.passkeys(person.id)
  return html`<section class="card" aria-labelledby="passkeys">
    <h2 id="passkeys">Passkeys</h2>
    <p class="hint">The safest way in: no password to guess, no code to type into a wrong page.</p>
    ${
      passkeys.length > 0 &&
      html`<ul class="rows">
        ${passkeys.map(
          (passkey) =>
            html`<li>
              <div class="what">
                <p class="strong">${passkey.name}</p>
                <p class="meta">
                  ${passkey.isSynced ? 'Synced' : 'On one device'} · added ${day(passkey.createdAt)} ·
                  ${passkey.lastUsedAt === null ? 'not used yet' : `last used ${day(passkey.lastUsedAt)}`}
                </p>
              </div>
              <form method="post" action="/account/passkeys/remove">
                ${visit.formField}<input type="hidden" name="passkey" value="${passkey.id}" />
                <button
                  class="danger small"
                  aria-label="Remove the passkey ${passkey.name} of ${day(passkey.createdAt)}"
                >
                  Remove
                </button>
              </form>
            </li>`,
        )}
      </ul>`
    }
    <div class="actions"><a class="button quiet small" href="/account/passkeys/add">Add a passkey</a></div>
  </section>`
}

function passwordCard(parts: Parts, person: Person): Html {
  const has = parts.people.password(person.id) !== null
  return html`<section class="card" aria-labelledby="password">
    <h2 id="password">Password</h2>
    <p class="hint">
      ${has ? 'Used together with a second step.' : 'You have none, and need none with a passkey.'}
    </p>
    <div class="actions">
      <a class="button quiet small" href="/account/password">${has ? 'Change password' : 'Set a password'}</a>
    </div>
  </section>`
}

function appCard(parts: Parts, visit: Visit, person: Person): Html {
  const has = parts.factors.totp(person.id) !== undefined
  const left = parts.factors.unusedRecoveryCodes(person.id)
  return html`<section class="card" aria-labelledby="app">
    <h2 id="app">Authenticator app</h2>
    <p class="hint">
      ${
        has
          ? `The second step after your password. ${left} of your recovery codes ${left === 1 ? 'is' : 'are'} left.`
          : 'Codes from your phone, as the second step after a password.'
      }
    </p>
    <div class="actions">
      <a class="button quiet small" href="/account/totp">${has ? 'Move to another phone' : 'Set up'}</a> ${
        has &&
        html`<form method="post" action="/account/recovery-codes">
            ${visit.formField}<button class="quiet small">New recovery codes</button>
          </form>
          <form method="post" action="/account/totp/remove">
            ${visit.formField}<button class="danger small">Turn off</button>
          </form>`
      }
    </div>
  </section>`
}

function sessionsCard(parts: Parts, visit: Visit, session: SessionRow): Html {
  const now = parts.clock.now()
  const all = parts.sessionStore.ofPerson(session.person).filter(({ expiresAt }) => expiresAt > now)
  return html`<section class="card" aria-labelledby="sessions">
    <h2 id="sessions">Where you are signed in</h2>
    <p class="hint">Signing out here ends it there at once.</p>
    <ul class="rows">
      ${all.map(
        (one) =>
          html`<li>
            <div class="what">
              <p class="strong">
                ${one.browser}${one.id === session.id && html` <span class="tag">this browser</span>`}
              </p>
              <p class="meta">
                ${howSure(one)} · since ${moment(one.createdAt)} · last seen ${moment(one.lastUsedAt)}
              </p>
            </div>
            ${
              one.id !== session.id &&
              html`<form method="post" action="/account/sessions/end">
                ${visit.formField}<input type="hidden" name="session" value="${one.id}" />
                <button
                  class="quiet small"
                  aria-label="Sign out ${one.browser}, since ${moment(one.createdAt)}"
                >
                  Sign out
                </button>
              </form>`
            }
          </li>`,
      )}
    </ul>
    ${
      all.length > 1 &&
      html`<div class="actions">
        <form method="post" action="/account/sessions/end-others">
          ${visit.formField}<button class="danger small">Sign out everywhere else</button>
        </form>
      </div>`
    }
  </section>`
}

function howSure({ acr }: SessionRow): string {
  if (acr === 'urn:parley:passkey') return 'Passkey'
  return acr === 'urn:parley:2fa' ? 'Password and second step' : 'Password only, not signed in yet'
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
