import { generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TaskId } from '@parley/contract'
import type { A2aTask, StreamResponse } from '../a2a/index.ts'
import { createActivity, type Activity } from '../activity/index.ts'
import { createEgress, type Egress, type Resolve } from '../egress/index.ts'
import { systemClock, type Clock } from '../lib/clock.ts'
import { createNewId, systemRandom } from '../lib/random.ts'
import { WriteBatch } from '../lib/write-batch.ts'
import { openSealing } from '../sealing/index.ts'
import { openStore, type Store } from '../store/index.ts'
import { createWebhooks, type TaskSide, type WebhookTools, type Webhooks } from './index.ts'

export const ISSUER = 'https://hub.example'
export const BY = { subject: 'app_1', chain: [{ kind: 'person', id: 'per_1' }] } as const
export const HOW = { by: BY, version: '1.0' } as const

export interface OpenedWebhooks extends AsyncDisposable {
  readonly webhooks: Webhooks
  readonly store: Store
  readonly activity: Activity
  readonly publicKey: KeyObject
  readonly errors: string[]
  /** What tasks there are. */
  readonly tasks: Map<TaskId, A2aTask>
  /** Which task of the agent it is, and what came to the inbox. */
  readonly agentTasks: Map<TaskId, string>
  readonly received: { task: TaskId; event: StreamResponse }[]
  newTask(): TaskId
  /** The hub's way: the event into the outbox in a unit, then told. */
  tell(task: TaskId, ...events: StreamResponse[]): Promise<void>
  start(): void
}

export interface KitOptions extends Partial<Pick<WebhookTools, 'allow' | 'mayBeTold'>> {
  readonly clock?: Clock
  readonly limits?: Partial<WebhookTools['limits'] & { readonly webhookTimeoutMs: number }>
  readonly resolve?: Resolve
  readonly ownPort?: () => number
  readonly discoveredPorts?: readonly number[]
  /** Of who signs, for a hub that was there before. */
  readonly privateKey?: KeyObject
}

/** The room on a database and over connections of its own; everything but tasks is real. */
export async function openWebhooksIn(dataDir: string, options: KitOptions = {}): Promise<OpenedWebhooks> {
  await using stack = new AsyncDisposableStack()
  const clock = options.clock ?? systemClock
  const store = stack.use(await openStore(dataDir))
  const newId = createNewId(clock, systemRandom)
  const errors: string[] = []
  const onError = (what: string, error: unknown) => void errors.push(`${what}: ${String(error)}`)
  const activity = stack.use(
    createActivity({ store, clock, mode: 'queued', onError: (e) => onError('activity', e) }),
  )
  const tools = { store, clock, newId, activity, random: systemRandom }
  const { sealer, masterKeys } = await openSealing(
    { ...tools, log: () => undefined },
    { kind: 'file', file: `${dataDir}/master.key` },
  )
  stack.use(masterKeys)
  const egress = openEgress(options)
  stack.defer(() => egress.close())
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const webhooks = stack.use(
    createWebhooks({
      ...tools,
      sealer,
      egress,
      allow: options.allow ?? [],
      issuer: () => ISSUER,
      sign: (claims, typ) => signJwt(claims, typ, options.privateKey ?? privateKey),
      mayBeTold: options.mayBeTold ?? (() => true),
      onError,
      limits: {
        webhooks: 1000,
        webhooksPerTask: 10,
        webhookEvents: 1000,
        webhookRetryMs: 10,
        webhookFailures: 20,
        bodyBytes: 65_536,
        ...options.limits,
      },
    }),
  )
  const tasks = new Map<TaskId, A2aTask>()
  const agentTasks = new Map<TaskId, string>()
  const received: OpenedWebhooks['received'] = []
  const owned = stack.move()
  return {
    webhooks,
    store,
    activity,
    publicKey,
    errors,
    tasks,
    agentTasks,
    received,
    newTask: () => newId('task'),
    async tell(task, ...events) {
      await store.submit(events.flatMap((event) => webhooks.enqueue(task, event)))
      webhooks.wake(task)
    },
    start() {
      webhooks.attach(taskSide({ tasks, agentTasks, received }))
      webhooks.start()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function openEgress(options: KitOptions): Egress {
  return createEgress({
    limits: {
      upstreamConnectTimeoutMs: 500,
      upstreamTimeoutMs: 1500,
      upstreamResponseBytes: 1_048_576,
      upstreamConnections: 4,
      clientMetadataBytes: 10_240,
      webhookTimeoutMs: options.limits?.webhookTimeoutMs ?? 1000,
    },
    writes: new WriteBatch(),
    ownListeners: () => (options.ownPort ? [{ address: '127.0.0.1', port: options.ownPort() }] : []),
    ...(options.resolve && { resolve: options.resolve }),
    ...(options.discoveredPorts && { discoveredPorts: options.discoveredPorts }),
  })
}

function taskSide(kept: Pick<OpenedWebhooks, 'tasks' | 'agentTasks' | 'received'>): TaskSide {
  return {
    readTask: (task) => kept.tasks.get(task),
    agentTaskOf: (task) => kept.agentTasks.get(task),
    onNotification: (task, event) => void kept.received.push({ task, event }),
  }
}

function signJwt(claims: object, typ: string, key: KeyObject): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode({ alg: 'ES256', typ, kid: 'k1' })}.${encode(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

export const jwkOf = (key: KeyObject): JsonWebKey => key.export({ format: 'jwk' })

export interface SinkRequest {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Whether it was acknowledged. */
  readonly status: number
}

export interface Sink extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly requests: SinkRequest[]
  /** Most exchanges at the same time. */
  readonly busiest: () => number
  /** What it answers from now on; undefined leaves the answer to `answer` itself. */
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => number | undefined
}

/** A receiver on loopback that writes down what it is told. */
export async function openSink(
  make: (answer: (req: IncomingMessage, res: ServerResponse) => void) => Server = createServer,
): Promise<Sink> {
  const requests: SinkRequest[] = []
  let open = 0
  let busiest = 0
  const server = make((request, response) => {
    busiest = Math.max(busiest, ++open)
    response.on('close', () => open--)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const status = sink.answer(request, response, body)
      requests.push({ path: request.url!, headers: request.headers, body, status: status ?? 0 })
      if (status === undefined) return
      if (!response.headersSent) response.writeHead(status)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sink: Sink = {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    busiest: () => busiest,
    answer: () => 200,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return sink
}

export function statusOf(task: TaskId, text: string): StreamResponse {
  return {
    statusUpdate: {
      taskId: task,
      contextId: 'ctx_1',
      status: {
        state: 'TASK_STATE_WORKING',
        message: { messageId: text, role: 'ROLE_AGENT', parts: [{ text }] },
      },
    },
  }
}

/** What `statusOf` was given. */
export function textOf({ body }: Pick<SinkRequest, 'body'>): string {
  const { statusUpdate, task } = JSON.parse(body)
  return (statusUpdate ?? task).status.message.messageId
}
