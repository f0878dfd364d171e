import { parseCapabilityName, type CapabilityRule } from '@parley/contract'
import type { App, ClientDirectory } from '../../clients/index.ts'
import type { Grants } from '../../grants/index.ts'
import type { RawHandler } from '../../http/index.ts'
import type { Clock } from '../../lib/clock.ts'
import {
  createPageHandler,
  errorSummary,
  html,
  type Html,
  type PageAnswer,
  type PageKit,
  type Visit,
} from '../../pages/index.ts'
import type { People } from '../../people/index.ts'
import type { Sealer } from '../../sealing/index.ts'
import { voucher } from '../consent/app-voucher.ts'
import { createFormTickets, type TicketFor } from '../consent/form-ticket.ts'
import { constraintInWords } from '../consent/terms-in-words.ts'
import type { ConsentRequest } from './consent-request-store.ts'
import type { ConsentRequests } from './consent-requests.ts'

export interface ConsentPageTools {
  readonly pages: PageKit
  readonly people: Pick<People, 'signedIn' | 'requireSession'>
  readonly clients: Pick<ClientDirectory, 'app'>
  readonly grants: Pick<Grants, 'find'>
  readonly consents: Pick<ConsentRequests, 'findFor' | 'answer'>
  readonly clock: Clock
  readonly sealer: Sealer
  readonly onError: (error: unknown) => void
}

type Tickets = ReturnType<typeof createFormTickets>

const FAULTS = {
  wrong: 'This page was out of date. Please look at it once more, and choose.',
  'too-early': 'That was too fast to have been read. Please look at it once more, and choose.',
}

const NOUNS = {
  tool: 'Use',
  resource: 'Read',
  template: 'Read',
  prompt: 'Use the prompt',
  skill: 'Use the skill',
  connection: 'Have the credential itself, the',
}

/**
 * `/consent/{id}`, where a person answers a request for consent just in time. Only the person behind the call gets to see it
 * (MCP, Phishing): whoever else opens the link finds nothing.
 */
export function createConsentPages(tools: ConsentPageTools): RawHandler {
  const { pages, people, consents, onError } = tools

  const tickets = createFormTickets(tools.sealer.derive('consent just in time'))

  const route = (method: 'GET' | 'POST', answer: (visit: Visit, asked: Asked) => Promise<PageAnswer>) => ({
    method,
    path: '/consent/:id',
    needs: 'person',
    async answer(visit: Visit): Promise<PageAnswer> {
      const session = people.signedIn(visit.request)
      const request = session && consents.findFor(session.person, visit.params['id']!)
      return request
        ? answer(visit, { request, binding: { uid: request.id, session: session.id } })
        : nothingHere()
    },
  })

  const routes = [
    route('GET', async (visit, asked) =>
      asked.request.state === 'open' ? question(tools, visit, { ...asked, tickets }) : thanks(asked.request),
    ),
    route('POST', (visit, asked) => decide(tools, visit, { ...asked, tickets })),
  ]
  const serve = createPageHandler(routes, { kit: pages, admit: () => undefined, onError })

  return function serveConsent(request, response, path) {
    if (people.requireSession(request, response, { returnTo: path })) serve(request, response, path)
  }
}

interface Asked {
  readonly request: ConsentRequest
  readonly binding: TicketFor
}

/** A click that came sooner than anybody reads was meant for something else, and does not count. */
async function decide(
  tools: ConsentPageTools,
  visit: Visit,
  asked: Asked & { readonly tickets: Tickets },
): Promise<PageAnswer> {
  const { request, binding, tickets } = asked
  const reading = tickets.read(visit.form.get('ticket'), binding, tools.clock.now())
  const choice = visit.form.get('choice')
  if (reading !== 'good') return question(tools, visit, { ...asked, fault: FAULTS[reading] })
  if (choice !== 'allow' && choice !== 'allow-any' && choice !== 'deny') return question(tools, visit, asked)
  await tools.consents.answer(request.person, request.id, choice)
  return thanks({ ...request, state: choice === 'deny' ? 'denied' : 'allowed' })
}

function question(
  tools: ConsentPageTools,
  visit: Visit,
  { request, binding, tickets, fault }: Asked & { readonly tickets: Tickets; readonly fault?: string },
): PageAnswer {
  const app = request.app === null ? undefined : tools.clients.app(request.app)
  const expiresAt = tools.grants.find(request.grant)?.terms.expiresAt
  const ticket = tickets.make(binding, tools.clock.now())
  const isNarrow = request.rules.some(({ where }) => where !== undefined)
  return {
    kind: 'page',
    ...(fault !== undefined && { status: 409 }),
    title: 'One more permission',
    scripts: ['consent.js'],
    styles: ['consent.css'],
    body: html`<h1><span class="app-name">${nameOf(app)}</span> asks for more</h1>
      <dl class="facts">
        <dt>App</dt>
        <dd>${app ? voucher(app) : 'It is not known here any more.'}</dd>
      </dl>
      ${errorSummary(fault === undefined ? [] : [{ text: fault }])}
      <form method="post" class="consent">
        ${visit.formField}<input type="hidden" name="ticket" value="${ticket}" />
        <p>It wants to do something in your name that you have not allowed it so far:</p>
        <fieldset>
          <legend>It may</legend>
          <ul class="detail">
            ${request.rules.map(words)}
          </ul>
        </fieldset>
        <p class="hint">
          ${
            isNarrow
              ? 'Whatever else it passes along is up to the app.'
              : 'Whatever it passes along is up to the app: you allow this for any arguments.'
          }
          ${howLong(expiresAt)}
        </p>
        <div class="actions">
          <button name="choice" value="allow" data-after-ms="500">
            ${isNarrow ? 'Allow this' : 'Allow'}
          </button>
          ${
            isNarrow &&
            html`<button name="choice" value="allow-any" class="quiet" data-after-ms="500">
              Allow with any arguments
            </button>`
          }
          <button name="choice" value="deny" class="quiet">Do not allow</button>
        </div>
        <p class="hint">You can end this at any time in your account.</p>
      </form>`,
  }
}

function thanks({ state }: ConsentRequest): PageAnswer {
  const isAllowed = state === 'allowed'
  return {
    kind: 'page',
    title: isAllowed ? 'Allowed' : 'Not allowed',
    body: html`<h1>${isAllowed ? 'Allowed' : 'Not allowed'}</h1>
      <p>
        ${
          isAllowed
            ? 'Go back to the app: it can go on now.'
            : 'The app hears that you did not allow this. You can close this page.'
        }
      </p>
      <p class="hint">What acts for you stands in <a href="/account/apps">your account</a>.</p>`,
  }
}

/** The same for a request of somebody else, one that has ended, and one that never was. */
function nothingHere(): PageAnswer {
  return {
    kind: 'page',
    status: 404,
    title: 'Nothing to decide here',
    body: html`<h1>Nothing to decide here</h1>
      <p>
        This link is not for you, or it is older than ten minutes. If an app sent you here, try again there.
      </p>`,
  }
}

function words({ capability: name, where = [] }: CapabilityRule): Html {
  const capability = parseCapabilityName(name)
  const only = where.map(constraintInWords).join(', and ')
  const condition = only === '' ? '' : `, only where ${only}`
  if (!capability) return html`<li><code>${name}</code>${condition}</li>`
  const { kind, owner } = capability
  return html`<li>${NOUNS[kind]} <code>${capability.name}</code> of ${owner}${condition}</li>`
}

function nameOf(app: App | undefined): string {
  return app?.name ?? 'An app'
}

function howLong(expiresAt: number | null | undefined): string {
  if (typeof expiresAt !== 'number') return 'This holds until you end it.'
  const until = new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ')
  return `This holds until ${until} UTC, as the rest of its access, or until you end it.`
}
