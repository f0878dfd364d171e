import { setTimeout as wait } from 'node:timers/promises'
import { EVERYONE } from '../src/grants/index.ts'
import { decide, type PageVisitor, type Visited } from './page-visitor.ts'
import { startScriptedUpstream, type ScriptedUpstream } from './scripted-upstream.ts'
import { signUpAdministrator, type Joined, type SignedIn } from './sign-in.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

/** A hub in front of another one, which wants a sign-in of its own: both are real, with a person each. */
export interface ConnectedHubs extends AsyncDisposable {
  readonly hub: TestHub
  readonly ada: Joined
  readonly upstream: TestHub
  /** The same person, as the other hub knows her. */
  readonly bea: SignedIn
  /** What stands behind the other hub. */
  readonly tools: ScriptedUpstream
}

const TOOLS = ['look', 'list'].map((name) => ({
  name,
  inputSchema: { type: 'object' },
  annotations: { readOnlyHint: true },
}))

export async function startConnectedHubs(yaml: object = {}): Promise<ConnectedHubs> {
  await using stack = new AsyncDisposableStack()
  const tools = stack.use(await startScriptedUpstream(TOOLS))
  const upstream = stack.use(await startTestHub())
  await upstream.api('POST', '/api/servers', { name: 'one', url: tools.url })
  await entitleEveryone(upstream, 'tool:one/*')
  const servers = { other: { url: `${upstream.url}/mcp/servers/one` } }
  const hub = stack.use(await startTestHub(JSON.stringify({ servers, ...yaml })))
  await entitleEveryone(hub, 'tool:other/*')
  const bea = await signUpAdministrator(upstream, 'bea@example.com')
  const ada = await signUpAdministrator(hub)
  await until(async () => (await hub.api('GET', '/api/servers/other')).body.lastError?.includes('sign-in'))
  const owned = stack.move()
  return { hub, ada, upstream, bea, tools, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function entitleEveryone({ hub }: TestHub, capability: string): Promise<void> {
  const everyone = hub.grants.entitlementsOf({ kind: 'group', id: EVERYONE })[0]!
  await hub.grants.changeTerms(everyone.id, { ...everyone.terms, capabilities: [{ capability }] }, 'test')
}

/** From the account to the page that says what connecting means. */
export async function beginToConnect(visitor: PageVisitor, whom: 'me' | 'everyone' = 'me'): Promise<Visited> {
  const page = await visitor.open('/account/connections')
  const form = page.text
    .split('<form')
    .find((part) => part.includes('/connect"') && part.includes(`value="${whom}"`))
  if (form === undefined) throw new Error(page.text)
  return visitor.submit({ ...page, text: `<form${form}` })
}

/** Agrees as a person would who reads the page; answers where they are sent. */
export async function agreeToGo(visitor: PageVisitor, page: Visited): Promise<URL> {
  await wait(550)
  const after = await visitor.submit(page, { choice: 'allow' })
  return new URL(after.url)
}

/** The whole way: away, signed in there, and back. */
export async function connect(
  { ada, bea }: Pick<ConnectedHubs, 'ada' | 'bea'>,
  from: 'me' | 'everyone' | Visited = 'me',
): Promise<Visited> {
  const page = typeof from === 'string' ? await beginToConnect(ada.visitor, from) : from
  const away = await agreeToGo(ada.visitor, page)
  const callback = await decide(bea.visitor, await bea.visitor.open(away.href))
  return ada.visitor.open(callback.href)
}

/** Ends a connection from the account. */
export async function disconnect(visitor: PageVisitor, whom: 'you' | 'everyone'): Promise<Visited> {
  const page = await visitor.open('/account/connections')
  const form = page.text.split('<form').find((part) => part.includes(`Disconnect other for ${whom}`))
  if (form === undefined) throw new Error(page.text)
  return visitor.submit({ ...page, text: `<form${form}` })
}
