import { ACR_VALUES, ParleyError, type Acr, type GrantId } from '@parley/contract'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { App } from '../../clients/index.ts'
import type { Grants } from '../../grants/index.ts'
import type { RawHandler } from '../../http/index.ts'
import type { Clock } from '../../lib/clock.ts'
import { createPageHandler, html, type PageAnswer, type PageKit, type Visit } from '../../pages/index.ts'
import type { BrowserSession, People } from '../../people/index.ts'
import type { Store } from '../../store/index.ts'
import { RecordStore } from '../provider/record-store.ts'
import type { OpenServer } from '../provider/open-when-needed.ts'
import type { InteractionRecord } from '../provider/types.ts'
import type { Resources } from '../resources/resource.ts'
import { DEFAULT_SECONDS, DURATIONS, buildTerms, type Choice } from './build-terms.ts'
import type { DescribeCapabilities } from './capability-offer.ts'
import { consentPage } from './consent-page.ts'
import { narrowOffer, readConsentRequest, type ConsentRequest } from './consent-request.ts'
import { ConsentStore, consentKey } from './consent-store.ts'
import { createFormTickets } from './form-ticket.ts'

export interface InteractionTools {
  readonly openServer: OpenServer
  readonly issuer: string
  readonly store: Store
  readonly clock: Clock
  readonly pages: PageKit
  readonly people: Pick<People, 'find' | 'meets' | 'requireSession' | 'signedIn'>
  readonly grants: Pick<Grants, 'create' | 'changeTerms' | 'find'>
  readonly findApp: (clientId: string) => App | undefined
  /** The app that is about to be allowed something; kept from now on. */
  readonly keepApp: (clientId: string) => Promise<App>
  readonly resources: Resources
  readonly describeCapabilities: DescribeCapabilities
  /** Makes the form's ticket; nothing else may be derived from it. */
  readonly formKey: Uint8Array
  readonly onError: (error: unknown) => void
}

/** `/interaction/{uid}`: who is it, and what may the app do? */
export function createInteractionPages(tools: InteractionTools): RawHandler {
  const steps = new Interaction(tools)
  const pages = createPageHandler<'nothing'>(
    [
      { method: 'GET', path: '/interaction/:uid', needs: 'nothing', answer: (visit) => steps.show(visit) },
      { method: 'POST', path: '/interaction/:uid', needs: 'nothing', answer: (visit) => steps.decide(visit) },
    ],
    { kit: tools.pages, admit: () => undefined, onError: tools.onError },
  )
  return (request, response, path) => {
    steps
      .admit(request, response, path)
      .then((isAdmitted) => isAdmitted && pages(request, response, path), tools.onError)
  }
}

interface Shown {
  readonly session: BrowserSession
  readonly consent: ConsentRequest
  readonly fault?: string
  readonly choice?: Choice
}

interface Opened {
  readonly waiting: InteractionRecord
  readonly session: BrowserSession
  readonly consent: ConsentRequest | 'unknown-resource'
}

class Interaction {
  readonly #tools: InteractionTools
  readonly #consents: ConsentStore
  readonly #records: RecordStore
  readonly #tickets: ReturnType<typeof createFormTickets>

  constructor(tools: InteractionTools) {
    this.#tools = tools
    this.#consents = new ConsentStore(tools.store)
    this.#records = new RecordStore(tools.store)
    this.#tickets = createFormTickets(tools.formKey)
  }

  /** False when the visitor was sent to sign in. A request that is over is told by the page itself. */
  async admit(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
    // What a form decides is asked for once it is known to be ours; HEAD goes the way of GET.
    if (request.method === 'POST') return true
    const waiting = await this.#find(request, path)
    if (!waiting) return true
    const demand = { ...demandOf(waiting, this.#tools.clock.now()), returnTo: path }
    return this.#tools.people.requireSession(request, response, demand) !== undefined
  }

  async show(visit: Visit): Promise<PageAnswer> {
    const { waiting, session, consent } = await this.#open(visit)
    if (consent === 'unknown-resource') return this.#answer(visit, UNKNOWN_RESOURCE)
    const known = this.#knownGrant(waiting, session, consent)
    if (known !== undefined) return this.#finish(visit, session, known)
    return this.#page(visit, { session, consent })
  }

  async decide(visit: Visit): Promise<PageAnswer> {
    const { waiting, session, consent } = await this.#open(visit)
    if (consent === 'unknown-resource') return this.#answer(visit, UNKNOWN_RESOURCE)
    // The page was shown to whoever met the demand of the app; who decides has to meet it too.
    if (!this.#tools.people.meets(session, demandOf(waiting, this.#tools.clock.now())))
      return { kind: 'redirect', to: visit.path }
    const ticket = this.#tickets.read(
      visit.form.get('ticket'),
      ticketFor(visit, session),
      this.#tools.clock.now(),
    )
    if (ticket === 'wrong') return this.#page(visit, { session, consent, fault: OUT_OF_DATE })
    if (visit.form.get('decision') !== 'allow') {
      await this.#claim(visit)
      return this.#answer(visit, { error: 'access_denied', error_description: 'The person said no.' })
    }
    if (ticket === 'too-early') return this.#page(visit, { session, consent, fault: TOO_EARLY })
    const offer = narrowOffer(consent, this.#tools.describeCapabilities(consent.resource, session.person))
    const on = new Set([...visit.form].filter(([, value]) => value === 'on').map(([name]) => name))
    const asked = visit.form.get('seconds') ?? ''
    const seconds = Object.hasOwn(DURATIONS, asked) ? Number(asked) : DEFAULT_SECONDS
    const where = { issuer: this.#tools.issuer, nowMs: this.#tools.clock.now() }
    const choice = { on, seconds }
    const terms = buildTerms(consent, offer, choice, where)
    if (typeof terms === 'string')
      return this.#page(visit, { session, consent, fault: CHOICE_FAULTS[terms], choice })
    await this.#claim(visit)
    const key = consentKey(session.person, consent)
    const before = this.#active(this.#consents.find(key))
    const { grants, clock, keepApp } = this.#tools
    // An app that was known by its document alone is kept from now on.
    const app = await keepApp(consent.clientId)
    // One unit, so that no grant is left that no consent leads to.
    const remember = (id: GrantId) => [this.#consents.save(key, id, clock.now())]
    const grant = before
      ? await grants.changeTerms(before, terms, session.person, remember(before))
      : await grants.create(
          {
            kind: 'consent',
            holder: { kind: 'app', id: app.id },
            person: session.person,
            parent: null,
            terms,
          },
          session.person,
          remember,
        )
    return this.#finish(visit, session, grant.id)
  }

  async #open(visit: Visit): Promise<Opened> {
    const waiting = await this.#find(visit.request, visit.path)
    // One decision for one request.
    if (!waiting || waiting.result?.consent || waiting.result?.error) throw isOver()
    const session = this.#tools.people.signedIn(visit.request)
    if (!session) throw new ParleyError('forbidden', 'You are signed out. Load the page again to sign in.')
    const consent = readConsentRequest(waiting, this.#tools)
    if (!consent) throw isOver()
    return { waiting, session, consent }
  }

  /** Undefined when it is over, or was begun in another browser. */
  async #find(request: IncomingMessage, path: string): Promise<InteractionRecord | undefined> {
    const { provider } = await this.#tools.openServer()
    try {
      const waiting = await provider.interactionDetails(request, NO_RESPONSE)
      return path === `/interaction/${waiting.uid}` ? waiting : undefined
    } catch {
      // SessionNotFound: there is no cookie, or nothing waits under it.
      return undefined
    }
  }

  /**
   * The grant of an earlier consent. Only apps that an administrator entered, with a redirect that is nobody else's, go on
   * without asking; whoever could be imitated is shown each time (RFC 8252 §8.6).
   */
  #knownGrant(
    { params }: InteractionRecord,
    session: BrowserSession,
    consent: ConsentRequest,
  ): GrantId | undefined {
    if (consent.app.source !== 'static' || !consent.redirectUri.startsWith('https:')) return undefined
    const prompts = new Set((params['prompt'] ?? '').split(' '))
    if (prompts.has('consent') && !consent.identityScopes.includes('offline_access')) return undefined
    if (prompts.has('select_account')) return undefined
    return this.#active(this.#consents.find(consentKey(session.person, consent)))
  }

  #active(id: GrantId | undefined): GrantId | undefined {
    const grant = id && this.#tools.grants.find(id)
    if (!grant || grant.state !== 'active') return undefined
    const { expiresAt } = grant.terms
    return expiresAt === null || expiresAt > this.#tools.clock.now() ? grant.id : undefined
  }

  /** Of several answers to one page the first counts, also when they come at once. */
  async #claim(visit: Visit): Promise<void> {
    const { store, clock } = this.#tools
    const result = await store.submit([
      this.#records.consume('Interaction', visit.params['uid']!, clock.now()),
    ])
    if (result.kind === 'conflict') throw isOver()
  }

  #page(visit: Visit, { session, consent, fault, choice }: Shown): PageAnswer {
    const { people, describeCapabilities, clock } = this.#tools
    const ticket = this.#tickets.make(ticketFor(visit, session), clock.now())
    return {
      kind: 'page',
      ...(fault !== undefined && { status: 409 }),
      title: 'Allow an app',
      scripts: ['consent.js'],
      styles: ['consent.css'],
      body: consentPage({
        request: consent,
        offer: narrowOffer(consent, describeCapabilities(consent.resource, session.person)),
        personName: people.find(session.person)?.name ?? '',
        fields: html`${visit.formField}<input type="hidden" name="ticket" value="${ticket}" />`,
        fault,
        choice,
      }),
    }
  }

  #finish(visit: Visit, session: BrowserSession, grantId: GrantId): Promise<PageAnswer> {
    return this.#answer(visit, {
      login: {
        accountId: session.person,
        acr: session.acr,
        amr: [...session.amr],
        ts: session.authTime,
        remember: false,
      },
      select_account: {},
      consent: { grantId },
      parley: { session: session.id },
    })
  }

  async #answer(visit: Visit, result: object): Promise<PageAnswer> {
    const { provider } = await this.#tools.openServer()
    const url = await provider.interactionResult(visit.request, NO_RESPONSE, result, {
      mergeWithLastSubmission: false,
    })
    return { kind: 'onward', url }
  }
}

/** The provider reads cookies through a pair of request and response, and writes nothing here. */
const NO_RESPONSE = { getHeader: () => undefined } as unknown as ServerResponse

/** RFC 8707 §2; only whoever has signed in learns what there is. */
const UNKNOWN_RESOURCE = { error: 'invalid_target', error_description: 'the resource is unknown' }
const OUT_OF_DATE = 'This page was open for too long, or belongs to another session. Please decide once more.'
const TOO_EARLY = 'That was quicker than anyone can read. Please look once more and then decide.'
const CHOICE_FAULTS = {
  nothing:
    'You have switched everything off, so there is nothing left to allow. Switch something on, or deny.',
  'too-much': 'That is more than one app can be allowed one by one. Switch a server off, or all of it on.',
}

function isOver(): ParleyError {
  return new ParleyError(
    'not_found',
    'This request is over: it was answered, took too long, or was begun in another browser. Go back to the app and start again.',
  )
}

function ticketFor(visit: Visit, session: BrowserSession): { uid: string; session: string } {
  return { uid: visit.params['uid']!, session: session.id }
}

/** How sure the app wants to be of the person (OpenID Connect Core §3.1.2.1; RFC 9470 §4 for plain OAuth). */
function demandOf({ params, iat }: InteractionRecord, nowMs: number): { acr?: Acr; maxAgeSeconds?: number } {
  const asked = (params['acr_values'] ?? params['parley_acr_values'] ?? '').split(' ')
  // The values are in order of preference; the weakest one that was named is enough.
  const acr = ACR_VALUES.find((value) => asked.includes(value))
  const maxAge = params['max_age'] ?? params['parley_max_age']
  const isFresh = (params['prompt'] ?? '')
    .split(' ')
    .some((one) => one === 'login' || one === 'select_account')
  const sinceAsked = Math.max(0, Math.floor(nowMs / 1000) - iat)
  const limits = [
    ...(maxAge !== undefined && /^\d{1,9}$/.test(maxAge) ? [Number(maxAge)] : []),
    ...(isFresh ? [sinceAsked] : []),
  ]
  return {
    ...(acr === undefined ? {} : { acr }),
    ...(limits.length === 0 ? {} : { maxAgeSeconds: Math.max(Math.min(...limits), sinceAsked) }),
  }
}
