import {
  CancelTaskRequest,
  DeleteTaskPushNotificationConfigRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTasksRequest,
  Message,
  SendMessageRequest,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
  TaskPushNotificationConfig,
} from '@a2a-js/sdk'
import { PIXEL, SILENCE } from '../agent/scripts.ts'
import { NotJudged, insist, insistEqual } from '../checks/check.ts'
import { newId, stateOf } from '../checks/scene.ts'
import type { SdkClient } from '../clients.ts'
import type { WebhookListener } from '../webhook-listener.ts'
import { listAt, objectAt, textAt } from '../wire/json.ts'
import type { JsonObject } from '../wire/json.ts'

/** What a published client does at an agent; a row of the compatibility page. */
export interface ClientFeature {
  readonly name: string
  /** @throws Error where it does not work, NotJudged where the client's version has it not. */
  readonly try: (sdk: SdkClient, webhooks: WebhookListener) => Promise<void>
}

export const CLIENT_FEATURES: readonly ClientFeature[] = [
  {
    name: 'SendMessage, answered with a task',
    async try(sdk) {
      const task = await sendTask(sdk, 'tck-artifact-text')
      insistEqual(stateOf(task), 'TASK_STATE_COMPLETED', 'the state')
      const [part] = listAt(listAt(task, 'artifacts')[0], 'parts')
      insistEqual(textAt(part, 'text'), 'Generated text content', 'the artifact')
    },
  },
  {
    name: 'SendMessage, answered with a message',
    async try(sdk) {
      const message = await send(sdk, 'tck-message-response')
      insistEqual(textAt(listAt(message, 'parts')[0], 'text'), 'Direct message response', 'the message')
    },
  },
  {
    name: 'SendMessage, a second turn',
    async try(sdk) {
      const asked = await sendTask(sdk, 'own-ask')
      insistEqual(stateOf(asked), 'TASK_STATE_INPUT_REQUIRED', 'the state')
      const next = await sendTask(sdk, 'tck-complete-task', {
        taskId: asked['id'],
        contextId: asked['contextId'],
      })
      insistEqual([next['id'], stateOf(next)], [asked['id'], 'TASK_STATE_COMPLETED'], 'the task')
    },
  },
  {
    name: 'Files, data, images and audio',
    async try(sdk) {
      const parts: JsonObject[] = [
        { text: 'Grüße' },
        { raw: PIXEL, mediaType: 'image/png', filename: 'a.png' },
        { raw: SILENCE, mediaType: 'audio/wav', filename: 'a.wav' },
        { url: 'https://example.com/a.pdf', mediaType: 'application/pdf', filename: 'a.pdf' },
        { data: { a: [1, true, { b: 'c' }] } },
      ]
      const back = listAt(listAt(await sendTask(sdk, 'own-echo', { parts }), 'artifacts')[0], 'parts')
      insistEqual(back.map(contentOf), parts.map(contentOf), 'what came back')
    },
  },
  {
    name: 'SendStreamingMessage',
    async try(sdk) {
      const events = await collect(sdk.client.sendMessageStream(messageOf('own-chunks'), sdk.options))
      const texts = events.flatMap((event) =>
        listAt(event, 'artifactUpdate', 'artifact', 'parts').map((part) => textAt(part, 'text').trim()),
      )
      insistEqual(texts.join(), '0,1,2,3,4,5,6,7,8,9,10,11', 'the chunks')
      insistEqual(stateOf(events.at(-1)), 'TASK_STATE_COMPLETED', 'the last state')
    },
  },
  {
    name: 'SubscribeToTask',
    async try(sdk) {
      const { id } = await sendTask(sdk, 'own-ask')
      const request = SubscribeToTaskRequest.fromJSON({ id })
      const events = collect(sdk.client.resubscribeTask(request, sdk.options))
      await new Promise((resolve) => setTimeout(resolve, 150))
      await sendTask(sdk, 'tck-complete-task', { taskId: id })
      insistEqual(stateOf((await events).at(-1)), 'TASK_STATE_COMPLETED', 'the last state')
    },
  },
  {
    name: 'GetTask',
    async try(sdk) {
      const { id } = await sendTask(sdk, 'tck-artifact-data')
      const request = GetTaskRequest.fromJSON({ id, historyLength: 1 })
      const task = Task.toJSON(await sdk.client.getTask(request, sdk.options)) as JsonObject
      insistEqual([task['id'], stateOf(task)], [id, 'TASK_STATE_COMPLETED'], 'the task')
      insist(listAt(task, 'history').length <= 1, 'the history is longer than 1')
    },
  },
  {
    name: 'ListTasks',
    async try(sdk) {
      if (sdk.version === '0.3') throw new NotJudged('0.3 has no ListTasks')
      const { id, contextId } = await sendTask(sdk, 'tck-complete-task')
      const list = await sdk.client.listTasks(ListTasksRequest.fromJSON({ contextId }), sdk.options)
      insistEqual(
        list.tasks.map((task) => task.id),
        [id],
        'the tasks',
      )
    },
  },
  {
    name: 'CancelTask',
    async try(sdk) {
      const { id } = await sendTask(sdk, 'own-endless', {}, { returnImmediately: true })
      const request = CancelTaskRequest.fromJSON({ id })
      const task = Task.toJSON(await sdk.client.cancelTask(request, sdk.options)) as JsonObject
      insistEqual(stateOf(task), 'TASK_STATE_CANCELED', 'the state')
    },
  },
  {
    name: 'Push notifications: create, get, list, delete, and delivery',
    try: tryWebhooks,
  },
  {
    name: 'GetExtendedAgentCard',
    async try(sdk) {
      const card = await sdk.client.getAgentCard(sdk.options)
      insist(card.name.startsWith('Reference agent'), `the name is ${card.name}`)
    },
  },
  {
    name: 'A task that is not there is said to be so',
    async try(sdk) {
      const request = GetTaskRequest.fromJSON({ id: newId('nonexistent') })
      const error: unknown = await sdk.client.getTask(request, sdk.options).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      insist(
        error instanceof Error && /NotFound/.test(error.name + error.constructor.name),
        `it is ${String(error)}`,
      )
    },
  },
]

async function tryWebhooks(sdk: SdkClient, webhooks: WebhookListener): Promise<void> {
  const { client, options } = sdk
  const { id: taskId } = await sendTask(sdk, 'own-ask')
  const path = newId('client-hook')
  const config = { taskId, id: newId('config'), url: webhooks.url(path), token: 'a-token' }
  await client.createTaskPushNotificationConfig(TaskPushNotificationConfig.fromJSON(config), options)
  const own = { taskId, id: config.id }
  const read = await client.getTaskPushNotificationConfig(
    GetTaskPushNotificationConfigRequest.fromJSON(own),
    options,
  )
  insistEqual(read.url, config.url, 'the address')
  const listRequest = ListTaskPushNotificationConfigsRequest.fromJSON({ taskId })
  const list = await client.listTaskPushNotificationConfig(listRequest, options)
  insistEqual(
    list.configs.map(({ id }) => id),
    [config.id],
    'the list',
  )
  await sendTask(sdk, 'tck-complete-task', { taskId })
  const seen = await webhooks.wait(path, (all) =>
    all.some(({ body }) => /completed/i.test(JSON.stringify(body))),
  )
  insist(seen.length > 0, 'nothing was delivered within 5 s')
  await client.deleteTaskPushNotificationConfig(
    DeleteTaskPushNotificationConfigRequest.fromJSON(own),
    options,
  )
  const left = await client.listTaskPushNotificationConfig(listRequest, options)
  insistEqual(left.configs.length, 0, 'the number of webhooks left')
}

function messageOf(
  script: string,
  more: JsonObject = {},
  configuration: JsonObject = {},
): SendMessageRequest {
  const message = { messageId: newId(script), role: 'ROLE_USER', parts: [{ text: 'Hello' }], ...more }
  return SendMessageRequest.fromJSON({ message, configuration })
}

async function send(
  { client, options }: SdkClient,
  ...asked: Parameters<typeof messageOf>
): Promise<JsonObject> {
  const result = await client.sendMessage(messageOf(...asked), options)
  return ('messageId' in result ? Message.toJSON(result) : Task.toJSON(result)) as JsonObject
}

async function sendTask(sdk: SdkClient, ...asked: Parameters<typeof messageOf>): Promise<JsonObject> {
  const task = await send(sdk, ...asked)
  insist(textAt(task, 'id') !== '', `a task was expected, and came ${JSON.stringify(task).slice(0, 100)}`)
  return task
}

async function collect(stream: AsyncGenerator<StreamResponse>): Promise<JsonObject[]> {
  const events: JsonObject[] = []
  for await (const event of stream) events.push(StreamResponse.toJSON(event) as JsonObject)
  return events
}

/** What every version and binding has: a text has no media type in 0.3, and a file no name in its proto. */
function contentOf(part: JsonObject): JsonObject {
  const { text, raw, url, data, mediaType } = part
  return text === undefined && data === undefined
    ? { raw, url, mediaType }
    : { text, data: data === undefined ? undefined : objectAt(part, 'data') }
}
