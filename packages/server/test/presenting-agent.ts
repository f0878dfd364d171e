import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  AgentCard,
  Message,
  SendMessageRequest,
  Task,
  TaskArtifactUpdateEvent,
  TaskStatusUpdateEvent,
} from '@a2a-js/sdk'
import {
  AgentEvent,
  DefaultRequestHandler,
  InMemoryTaskStore,
  STATE_HEADERS_KEY,
  type AgentExecutor,
  type ExecutionEventBus,
  type RequestContext,
} from '@a2a-js/sdk/server'
import { agentCardHandler, jsonRpcHandler } from '@a2a-js/sdk/server/express'
import express from 'express'

type Json = Record<string, any>

export const PRESENTATION = 'urn:parley:a2a:presentation:1'
export const PNG = 'iVBORw0KGgo='
export const WAV = 'UklGRiQAAABXQVZF'
const ROWS = [
  { city: 'Bern', degrees: 4 },
  { city: 'Chur', degrees: -2 },
]
export const REPORT =
  '# Weather\n\nIt is **cold**.\n\n| City | Degrees |\n| --- | --- |\n| Bern | 4 |\n| Chur | -2 |'

/** What came with one message. */
export interface Heard {
  readonly message: Json
  readonly modes: readonly string[]
  readonly headers: Json
  readonly extensions: readonly string[]
}

export interface PresentingAgent extends AsyncDisposable {
  readonly cardUrl: string
  readonly heard: Heard[]
  /** Ends the wait of what was told to `hold`. */
  goOn(): void
}

/**
 * An agent that tells the weather. One that is aware puts it as it is asked to, by the extension; any other says the same to
 * everybody: Markdown, an image that it describes and one that it does not, and a sound with its words.
 * `stream` tells the Markdown in chunks, `message` answers without a task, `hold` waits for `goOn`.
 */
export async function startPresentingAgent({ isAware }: { isAware: boolean }): Promise<PresentingAgent> {
  const app = express()
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const extension = {
    uri: PRESENTATION,
    params: {
      languages: ['en', 'de'],
      formats: ['application/json'],
      lengths: ['short', 'full'],
      audio: true,
    },
  }
  const card = AgentCard.fromJSON({
    name: isAware ? 'Weather' : 'Almanac',
    description: 'Tells the weather.',
    version: '1.0.0',
    capabilities: { streaming: true, ...(isAware && { extensions: [extension] }) },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: isAware
      ? ['text/plain', 'audio/wav', 'image/png']
      : ['text/markdown', 'image/png', 'audio/wav'],
    skills: [{ id: 'tell', name: 'Tell', description: 'Tells the weather.', tags: ['weather'] }],
    supportedInterfaces: [
      { url: `${origin}/rpc`, protocolBinding: 'JSONRPC', tenant: '', protocolVersion: '1.0' },
    ],
  })
  const heard: Heard[] = []
  const weather = new Weather(isAware, heard)
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), weather)
  app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: requestHandler }))
  app.use(
    '/rpc',
    jsonRpcHandler({
      requestHandler,
      userBuilder: async () => ({ isAuthenticated: false, userName: '' }),
    }),
  )
  return {
    cardUrl: `${origin}/.well-known/agent-card.json`,
    heard,
    goOn: () => weather.goOn(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

class Weather implements AgentExecutor {
  readonly #isAware: boolean
  readonly #heard: Heard[]

  constructor(isAware: boolean, heard: Heard[]) {
    this.#isAware = isAware
    this.#heard = heard
  }

  goOn: () => void = () => {}

  readonly cancelTask = async (): Promise<void> => {}

  async execute(context: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const { taskId, contextId } = context
    const { message, configuration } = SendMessageRequest.toJSON(context.request) as Json
    const modes: string[] = configuration?.acceptedOutputModes ?? []
    this.#heard.push({
      message,
      modes,
      headers: (context.context.state.get(STATE_HEADERS_KEY) ?? {}) as Json,
      extensions: [...(context.context.requestedExtensions ?? [])],
    })
    const ids = { taskId, contextId }
    const word = message.parts[0]?.text
    if (word === 'message') {
      const parts = [{ text: REPORT, mediaType: 'text/markdown' }]
      bus.publish(
        AgentEvent.message(
          Message.fromJSON({ messageId: `m-${taskId}`, contextId, role: 'ROLE_AGENT', parts }),
        ),
      )
      return
    }
    bus.publish(
      AgentEvent.task(
        Task.fromJSON({ id: taskId, contextId, status: { state: 'TASK_STATE_WORKING' }, history: [message] }),
      ),
    )
    const needs = message.metadata?.[PRESENTATION]
    if (word === 'hold') await new Promise<void>((resolve) => (this.goOn = resolve))
    if (word === 'stream') await stream(ids, bus)
    else if (this.#isAware && (needs || modes.length > 0))
      bus.publish(artifact(ids, negotiated(needs ?? {}, modes)))
    else bus.publish(artifact(ids, { parts: FOR_EVERYBODY }))
    bus.publish(
      AgentEvent.statusUpdate(
        TaskStatusUpdateEvent.fromJSON({ ...ids, status: { state: 'TASK_STATE_COMPLETED' } }),
      ),
    )
  }
}

const FOR_EVERYBODY: Json[] = [
  { text: REPORT, mediaType: 'text/markdown' },
  { raw: PNG, mediaType: 'image/png', filename: 'map.png', metadata: { alt: 'a map with snow on it' } },
  { raw: PNG, mediaType: 'image/png', filename: 'logo.png' },
  { raw: WAV, mediaType: 'audio/wav', metadata: { transcript: 'It is cold.' } },
]

/** The agent's side of the negotiation. */
function negotiated(needs: Json, modes: readonly string[]): Json {
  if (modes[0] === 'application/json')
    return { parts: [{ data: ROWS }], metadata: { [PRESENTATION]: { met: [{ need: 'formats' }] } } }
  const isGerman = String(needs['language'] ?? '').startsWith('de')
  const isShort = needs['length'] === 'short'
  const cannotSee = needs['accessibility']?.includes('screenReader') === true
  const text = isGerman ? 'In Bern sind es 4 Grad, in Chur 2 Grad unter null.' : 'Bern 4, Chur -2.'
  const picture = isGerman ? 'Karte mit Schnee in Chur' : 'map with snow in Chur'
  const parts: Json[] = [{ text, mediaType: 'text/plain' }]
  if (!cannotSee && (modes.length === 0 || modes.some((mode) => mode.startsWith('image/'))))
    parts.push({ raw: PNG, mediaType: 'image/png', metadata: { alt: picture } })
  if (cannotSee) parts.push({ text: picture, mediaType: 'text/plain' })
  if (modes.some((mode) => mode.startsWith('audio/')))
    parts.push({ raw: WAV, mediaType: 'audio/wav', metadata: { transcript: text } })
  const met = [
    { need: 'language', value: isGerman ? 'de' : 'en' },
    ...(isShort ? [{ need: 'length' }] : []),
    ...(cannotSee ? [{ need: 'screenReader' }] : []),
  ]
  const unmet = needs['readingLevel'] ? [{ need: 'readingLevel', reason: 'There is one wording.' }] : []
  // In the hub's name, which is the hub's alone to use.
  const forged = [{ need: 'background', by: 'hub' }]
  return { parts, metadata: { [PRESENTATION]: { met: [...met, ...forged], unmet } } }
}

async function stream(ids: Json, bus: ExecutionEventBus): Promise<void> {
  const pieces = REPORT.match(/[^]{1,9}/g)!
  for (const [at, text] of pieces.entries()) {
    const parts = [{ text, mediaType: 'text/markdown' }]
    bus.publish(artifact(ids, { parts }, { append: at > 0, lastChunk: at === pieces.length - 1 }))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function artifact(ids: Json, content: Json, chunk: Json = { append: false, lastChunk: true }) {
  return AgentEvent.artifactUpdate(
    TaskArtifactUpdateEvent.fromJSON({ ...ids, artifact: { artifactId: 'weather', ...content }, ...chunk }),
  )
}
