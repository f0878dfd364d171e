import type { PresentationNeeds } from '@parley/contract'
import { PRESENTATION, startPresentingAgent, type PresentingAgent } from './presenting-agent.ts'
import { openSdkA2aClient, type SdkA2aClient, type SdkFace } from './sdk-a2a-client.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

/** A hub before two agents of the weather: `aware` knows the extension of presentation, `plain` does not. */
export interface PresentationHub extends AsyncDisposable {
  readonly hub: TestHub
  readonly aware: PresentingAgent
  readonly plain: PresentingAgent
  client(agent: string, headers?: Readonly<Record<string, string>>, face?: SdkFace): Promise<SdkA2aClient>
  /** The task that a message comes to. */
  send(agent: string, request: object, headers?: Readonly<Record<string, string>>): Promise<any>
}

const JSON_RPC: SdkFace = { binding: 'JSONRPC', version: '1.0' }

export async function startPresentationHub(): Promise<PresentationHub> {
  await using stack = new AsyncDisposableStack()
  const aware = stack.use(await startPresentingAgent({ isAware: true }))
  const plain = stack.use(await startPresentingAgent({ isAware: false }))
  const hub = stack.use(await startTestHub())
  for (const [name, { cardUrl }] of Object.entries({ aware, plain })) {
    const added = await hub.api('POST', '/api/cards', { name, url: cardUrl, public: true })
    if (added.status >= 300) throw new Error(JSON.stringify(added.body))
  }
  const client: PresentationHub['client'] = (agent, headers = {}, face = JSON_RPC) =>
    openSdkA2aClient(`${hub.url}/a2a/agents/${agent}`, face, {
      authorization: hub.headers.Authorization,
      ...headers,
    })
  const owned = stack.move()
  return {
    hub,
    aware,
    plain,
    client,
    async send(agent, request, headers) {
      const { result, error } = await (await client(agent, headers)).ask('SendMessage', request)
      if (error) throw error
      return result.task
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

let count = 0

export function ask(needs: PresentationNeeds | undefined, modes?: readonly string[], text = 'weather') {
  return {
    message: {
      messageId: `p-${++count}`,
      role: 'ROLE_USER',
      parts: [{ text }],
      ...(needs && { metadata: { [PRESENTATION]: needs } }),
    },
    ...(modes && { configuration: { acceptedOutputModes: modes } }),
  }
}

/** The proto of 0.3 has objects alone: a list is the `value` of one. */
export const listOf = (data: any) => data?.value ?? data

/** Kinds and words of parts, and what is said of them. */
export function shown(task: any) {
  const [artifact] = task.artifacts
  return {
    parts: artifact.parts.map((part: any) => part.text ?? listOf(part.data) ?? part.mediaType),
    said: artifact.metadata?.[PRESENTATION],
  }
}

export const SCREEN_READER: PresentationNeeds = {
  language: 'de-CH, de;q=0.9, en;q=0.5',
  accessibility: ['screenReader'],
  readingLevel: 'plain',
}
