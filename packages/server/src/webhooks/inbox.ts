import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ParleyError, toParleyError, type TaskId } from '@parley/contract'
import type { StreamResponse } from '../a2a/index.ts'
import { readBody, refuseRequest, sendBody, sendProblem } from '../http/index.ts'
import type { Clock } from '../lib/clock.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { Random } from '../lib/random.ts'
import { StrictJsonError, parseStrict } from '../lib/strict-json/index.ts'
import type { Store } from '../store/index.ts'
import type { WebhookStore } from './webhook-store.ts'
import { readEvent } from './read-event.ts'
import type { TaskSide } from './webhooks.ts'

export interface InboxTools {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly issuer: () => string
  readonly limits: { readonly bodyBytes: number }
  readonly onError: (what: string, error: unknown) => void
}

const PATH = '/a2a/notify/'
const TOKEN_BYTES = 32
const TOKEN = /^[A-Za-z0-9_-]{43}$/
const JSON_TYPE = /^application\/(?:a2a\+)?json(?:[ \t]*;|$)/i

/** Where agents elsewhere tell the hub of tasks. The address is the credential, one for each task. */
export class Inbox {
  readonly #tools: InboxTools
  readonly #webhooks: WebhookStore
  readonly #tasks: () => TaskSide | undefined

  constructor(tools: InboxTools, webhooks: WebhookStore, tasks: () => TaskSide | undefined) {
    this.#tools = tools
    this.#webhooks = webhooks
    this.#tasks = tasks
  }

  async open(task: TaskId): Promise<string> {
    const { store, clock, random, issuer } = this.#tools
    const token = Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url')
    await store.submit([this.#webhooks.openInbox(hashOf(token), task, clock.now())])
    return `${issuer()}${PATH}${token}`
  }

  /** §13.2: who tells is known by the token, before anything of the body is read. */
  readonly answer = (request: IncomingMessage, response: ServerResponse, path: string): void => {
    const token = path.startsWith(PATH) ? path.slice(PATH.length) : ''
    const task = TOKEN.test(token) ? this.#webhooks.inbox(hashOf(token)) : undefined
    const refuse = (error: ParleyError) => refuseRequest(request, response, error, { asJsonRpc: false })
    if (task === undefined) return refuse(new ParleyError('not_found', 'There is nothing at this address.'))
    if (request.method !== 'POST')
      return refuse(new ParleyError('method_not_allowed', 'Notifications are sent with POST.'))
    if (!JSON_TYPE.test(request.headers['content-type'] ?? ''))
      return refuse(
        new ParleyError(
          'unsupported_media_type',
          'Notifications are application/a2a+json or application/json.',
        ),
      )
    readBody(request, this.#tools.limits.bodyBytes, (error, body) => {
      if (error) return refuse(error)
      this.#take(task, body).then(
        () => sendBody(response, 204, [], ''),
        (failure: unknown) => this.#refuse(response, failure),
      )
    })
  }

  async #take(task: TaskId, body: Buffer): Promise<void> {
    const tasks = this.#tasks()
    const expected = tasks?.agentTaskOf(task)
    // The agent may be faster with its first notification than with its answer; it tries again.
    if (!tasks || expected === undefined)
      throw new ParleyError('unavailable', 'The task is not known yet; try again.')
    const event = readEvent(parse(body))
    // §4.3.3: clients MUST validate that the task is the one they expect.
    if (taskOf(event) !== expected)
      throw new ParleyError('invalid_params', 'This address is for another task.')
    await tasks.onNotification(task, event)
  }

  #refuse(response: ServerResponse, failure: unknown): void {
    if (!(failure instanceof ParleyError)) this.#tools.onError('a notification could not be taken', failure)
    const error = toParleyError(failure)
    sendProblem(response, error, error.code === 'unavailable' ? ['retry-after', '1'] : [])
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function parse(body: Buffer): JsonObject {
  try {
    const value = parseStrict(body)
    if (isObject(value)) return value
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
  }
  throw new ParleyError('invalid_json', 'The body is not a JSON object.')
}

function taskOf(event: StreamResponse): string | undefined {
  if ('task' in event) return event.task.id
  if ('statusUpdate' in event) return event.statusUpdate.taskId
  return 'artifactUpdate' in event ? event.artifactUpdate.taskId : event.message.taskId
}
