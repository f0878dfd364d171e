import { ParleyError } from '@parley/contract'
import type { ClientDirectory } from '../clients/index.ts'
import type { RawHandler } from '../http/index.ts'
import { createFormTickets } from '../identity/index.ts'
import type { Clock } from '../lib/clock.ts'
import { createPageHandler, type PageAnswer, type PageKit, type Visit } from '../pages/index.ts'
import type { BrowserSession, People } from '../people/index.ts'
import type { Sealer } from '../sealing/index.ts'
import { connectPage, connectedPage, notConnectedPage, nothingHere } from './connect-page.ts'
import type { ConnectRequest } from './connect-request-store.ts'
import type { ConnectRequests } from './connect-requests.ts'
import type { ServerRef } from './connection-grant.ts'
import type { ConnectionPlan } from './plan-connection.ts'

export interface ConnectPageTools {
  readonly pages: PageKit
  readonly people: Pick<People, 'signedIn' | 'requireSession'>
  readonly apps: Pick<ClientDirectory, 'app'>
  readonly ways: ConnectRequests
  readonly redirectUri: () => string
  readonly clock: Clock
  readonly sealer: Sealer
  readonly onError: (error: unknown) => void
}

interface Way {
  readonly request: ConnectRequest
  readonly server: ServerRef
  readonly session: BrowserSession
}

type Tickets = ReturnType<typeof createFormTickets>

const FAULTS = {
  wrong: 'This page was out of date. Please look at it once more, and choose.',
  'too-early': 'That was too fast to have been read. Please look at it once more, and choose.',
}

/** `/connect/{id}`, where a person agrees to go, and `/connect/callback`, where they come back. */
export function createConnectPages(tools: ConnectPageTools): RawHandler {
  const { pages, people, ways, onError } = tools
  const tickets = createFormTickets(tools.sealer.derive('connect tickets'))
  const way = (answer: (visit: Visit, way: Way) => Promise<PageAnswer>) => async (visit: Visit) => {
    const session = people.signedIn(visit.request)
    const found = session && ways.findFor(session.person, visit.params['id']!)
    return session && found ? answer(visit, { ...found, session }) : nothingHere()
  }
  const needs = 'person'
  const routes = [
    { method: 'GET', path: '/connect/callback', needs, answer: (visit: Visit) => comeBack(tools, visit) },
    {
      method: 'GET',
      path: '/connect/:id',
      needs,
      answer: way((visit, it) => show(tools, visit, { ...it, tickets })),
    },
    {
      method: 'POST',
      path: '/connect/:id',
      needs,
      answer: way((visit, it) => decide(tools, visit, { ...it, tickets })),
    },
  ] as const
  const serve = createPageHandler(routes, { kit: pages, admit: () => undefined, onError })
  return function serveConnect(request, response, path) {
    // Whoever comes back without a session began elsewhere; signing in now would not make it theirs.
    if (path === '/connect/callback' || people.requireSession(request, response, { returnTo: path }))
      serve(request, response, path)
  }
}

async function comeBack({ people, ways }: ConnectPageTools, visit: Visit): Promise<PageAnswer> {
  const session = people.signedIn(visit.request)
  if (!session) return nothingHere()
  const params = new URLSearchParams((visit.request.url ?? '').split('?', 2)[1] ?? '')
  const back = await ways.comeBack(params, session)
  if (back.kind === 'connected') return connectedPage(back.server)
  return back.kind === 'unknown'
    ? nothingHere()
    : notConnectedPage(`The sign-in ended without a connection: ${back.error}.`)
}

async function show(
  tools: ConnectPageTools,
  visit: Visit,
  way: Way & { readonly tickets: Tickets; readonly fault?: string },
): Promise<PageAnswer> {
  const { request, server } = way
  if (request.state === 'connected') return connectedPage(server)
  if (request.state !== 'open' && request.state !== 'away') return nothingHere()
  const plan = await planOf(tools, way)
  if (plan.kind === 'ask') return notConnectedPage(plan.why)
  return connectPage(visit, {
    ...way,
    plan,
    app: request.app === null ? undefined : tools.apps.app(request.app),
    redirectUri: tools.redirectUri(),
    ticket: way.tickets.make(bindingOf(way, plan), tools.clock.now()),
    fault: way.fault,
  })
}

/** What was on the page is what happens: another issuer or scope meanwhile is a page to be read anew. */
async function decide(
  tools: ConnectPageTools,
  visit: Visit,
  way: Way & { readonly tickets: Tickets },
): Promise<PageAnswer> {
  const { request, tickets, session } = way
  const choice = visit.form.get('choice')
  if (choice === 'deny') {
    await tools.ways.deny(request)
    return notConnectedPage('You did not connect this server.')
  }
  const plan = await planOf(tools, way)
  if (plan.kind === 'ask') return notConnectedPage(plan.why)
  const reading = tickets.read(visit.form.get('ticket'), bindingOf(way, plan), tools.clock.now())
  if (reading !== 'good') return show(tools, visit, { ...way, fault: FAULTS[reading] })
  if (choice !== 'allow') return show(tools, visit, way)
  return { kind: 'onward', url: await tools.ways.leave(way, plan, session.id) }
}

/** A server that cannot be connected is told on a page, in the words for people. */
async function planOf({ ways }: ConnectPageTools, { request, server }: Way): Promise<ConnectionPlan> {
  try {
    return await ways.plan(request, server)
  } catch (error) {
    if (error instanceof ParleyError && error.code !== 'internal') return { kind: 'ask', why: error.message }
    throw error
  }
}

function bindingOf({ request, session }: Way, plan: Extract<ConnectionPlan, { kind: 'ready' }>) {
  return { uid: JSON.stringify([request.id, plan.server.issuer, plan.scope ?? null]), session: session.id }
}
