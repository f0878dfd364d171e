import { parseCapabilityName, type CapabilityName } from '@parley/contract'
import type { App, ClientDirectory } from '../../clients/index.ts'
import type { Grants } from '../../grants/index.ts'
import type { RawHandler } from '../../http/index.ts'
import {
  createPageHandler,
  html,
  type Html,
  type PageAnswer,
  type PageKit,
  type Visit,
} from '../../pages/index.ts'
import type { People } from '../../people/index.ts'
import type { ConsentRequest } from './consent-request-store.ts'
import type { ConsentRequests } from './consent-requests.ts'

export interface ConsentPageTools {
  readonly pages: PageKit
  readonly people: Pick<People, 'signedIn' | 'requireSession'>
  readonly clients: Pick<ClientDirectory, 'app'>
  readonly grants: Pick<Grants, 'find'>
  readonly consents: Pick<ConsentRequests, 'findFor' | 'answer'>
  readonly onError: (error: unknown) => void
}

const NOUNS = {
  tool: 'Use',
  resource: 'Read',
  template: 'Read',
  prompt: 'Use the prompt',
  skill: 'Use the skill',
}

/**
 * `/consent/{id}`, where a person answers a request for consent just in time. Only the person behind the call gets to see it
 * (MCP, Phishing): whoever else opens the link finds nothing.
 */
export function createConsentPages(tools: ConsentPageTools): RawHandler {
  const { pages, people, consents, onError } = tools

  const route = (
    method: 'GET' | 'POST',
    answer: (visit: Visit, request: ConsentRequest) => Promise<PageAnswer>,
  ) => ({
    method,
    path: '/consent/:id',
    needs: 'person',
    async answer(visit: Visit): Promise<PageAnswer> {
      const session = people.signedIn(visit.request)
      const request = session && consents.findFor(session.person, visit.params['id']!)
      return request ? answer(visit, request) : nothingHere()
    },
  })

  const routes = [
    route('GET', async (visit, request) =>
      request.state === 'open' ? question(tools, visit, request) : thanks(request),
    ),
    route('POST', async (visit, request) => {
      const choice = visit.form.get('choice')
      if (choice !== 'allow' && choice !== 'deny') return question(tools, visit, request)
      await consents.answer(request.person, request.id, choice === 'allow')
      return thanks({ ...request, state: choice === 'allow' ? 'allowed' : 'denied' })
    }),
  ]
  const serve = createPageHandler(routes, { kit: pages, admit: () => undefined, onError })

  return function serveConsent(request, response, path) {
    if (people.requireSession(request, response, { returnTo: path })) serve(request, response, path)
  }
}

function question(tools: ConsentPageTools, visit: Visit, request: ConsentRequest): PageAnswer {
  const app = request.app === null ? undefined : tools.clients.app(request.app)
  const expiresAt = tools.grants.find(request.grant)?.terms.expiresAt
  return {
    kind: 'page',
    title: 'One more permission',
    body: html`<h1>${nameOf(app)} asks for more</h1>
      ${verification(app)}
      <p>It wants to do something in your name that you have not allowed it so far:</p>
      <ul>
        ${request.capabilities.map(words)}
      </ul>
      <p>
        Whatever it passes along is up to the app: you allow this for any arguments. ${howLong(expiresAt)}
      </p>
      <form method="post">
        ${visit.formField}
        <div class="actions">
          <button name="choice" value="allow">Allow</button>
          <button name="choice" value="deny" class="quiet">Do not allow</button>
        </div>
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
            ? 'Go back to the app: it can go on now. You can take this back at any time under your account.'
            : 'The app hears that you did not allow this. You can close this page.'
        }
      </p>`,
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

function words(name: CapabilityName): Html {
  const capability = parseCapabilityName(name)
  if (!capability) return html`<li><code>${name}</code></li>`
  return html`<li>${NOUNS[capability.kind]} <code>${capability.name}</code> of ${capability.owner}</li>`
}

function nameOf(app: App | undefined): string {
  return app?.name ?? 'An app'
}

function verification(app: App | undefined): Html {
  return app?.verifiedHost
    ? html`<p>Verified: it comes from <strong>${app.verifiedHost}</strong>.</p>`
    : html`<p>Unverified: nobody vouches for the name of this app.</p>`
}

function howLong(expiresAt: number | null | undefined): string {
  if (typeof expiresAt !== 'number') return 'This holds until you take it back.'
  return `This holds until ${new Date(expiresAt).toUTCString()}, as the rest of its access, or until you take it back.`
}
