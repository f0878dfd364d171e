import { OPTIONAL_EXTENSION } from '../agent/extensions.ts'
import { listAt, textAt, valueAt } from '../wire/json.ts'
import { shapeComplaints } from '../wire/shape.ts'
import { insist, insistEqual, NotJudged } from './check.ts'
import type { Check } from './check.ts'
import { insistError } from './errors.ts'
import { extending, extensionRequired, notExtending, notPushing, notStreaming, streaming } from './needs.ts'
import { newId, stateOf } from './scene.ts'
import { kindOf } from './stream-checks.ts'

/** What an agent does not have (§3.3.4), its extended card (§3.1.11), extensions (§4.6) and waiting for rights (§7.6). */
export const capabilityChecks: Check[] = [
  {
    proves: ['A2A-3.3.4-a'],
    says: 'webhooks are refused where the card has no push notifications, in all four operations',
    needs: [notPushing],
    async run(scene) {
      const { id: taskId } = await scene.task('tck-complete-task')
      const config = { taskId, id: newId('config') }
      const url = 'https://client.example.com/hook'
      const name = 'PUSH_NOTIFICATION_NOT_SUPPORTED'
      insistError(
        scene.binding,
        await scene.call('CreateTaskPushNotificationConfig', { ...config, url }),
        name,
      )
      insistError(scene.binding, await scene.call('GetTaskPushNotificationConfig', config), name)
      insistError(scene.binding, await scene.call('ListTaskPushNotificationConfigs', { taskId }), name)
      return insistError(scene.binding, await scene.call('DeleteTaskPushNotificationConfig', config), name)
    },
  },
  {
    proves: ['A2A-3.3.4-b'],
    says: 'streams are refused where the card has none',
    needs: [notStreaming],
    async run(scene) {
      const sending = await scene.client.open('SendStreamingMessage', {
        message: scene.message('tck-stream-001'),
      })
      sending.close()
      insistError(scene.binding, sending.refusal ?? {}, 'UNSUPPORTED_OPERATION')
      const { id } = await scene.task('own-ask')
      const subscribing = await scene.client.open('SubscribeToTask', { id })
      subscribing.close()
      return insistError(scene.binding, subscribing.refusal ?? {}, 'UNSUPPORTED_OPERATION')
    },
  },
  {
    proves: ['A2A-3.3.4-c', 'A2A-3.1.11-d'],
    says: 'the extended card is refused where the card declares none',
    needs: [notExtending],
    async run(scene) {
      return insistError(scene.binding, await scene.call('GetExtendedAgentCard'), 'UNSUPPORTED_OPERATION')
    },
  },
  {
    proves: ['A2A-3.1.11-b', 'A2A-3.1.11-c'],
    says: 'the extended card is a card, or is said not to be there',
    needs: [extending],
    async run(scene) {
      const reply = await scene.call('GetExtendedAgentCard')
      if (reply.error !== undefined)
        return insistError(scene.binding, reply, 'EXTENDED_AGENT_CARD_NOT_CONFIGURED')
      const complaints = shapeComplaints('AgentCard', reply.result).filter(
        // The SDK's codec has these where the wire has nothing.
        (complaint) => scene.binding !== 'GRPC' || !/url|documentationUrl|iconUrl/.test(complaint),
      )
      insist(complaints.length === 0, complaints.join('; '))
      const skills = listAt(reply.result, 'skills').map(({ id }) => id)
      const open = listAt(scene.subject.card, 'skills').map(({ id }) => id)
      insist(
        open.every((id) => skills.includes(id)),
        `skills of the open card are missing: ${skills.join(', ')}`,
      )
      return `${skills.length} skills, ${open.length} of them open`
    },
  },
  {
    proves: ['A2A-3.3.4-d', 'A2A-4.6.3-b'],
    says: 'a message without the required extension is refused, and one with it is not',
    needs: [extensionRequired],
    async run(scene) {
      const without = await scene.send('tck-complete-task', {
        options: { headers: { 'a2a-extensions': '' } },
      })
      const saw = insistError(scene.binding, without, 'EXTENSION_SUPPORT_REQUIRED')
      const task = await scene.task('tck-complete-task')
      insistEqual(stateOf(task), 'TASK_STATE_COMPLETED', 'the state')
      return saw
    },
  },
  {
    proves: ['A2A-4.6.3-a'],
    says: 'an extension that the agent does not know is ignored',
    async run(scene) {
      const declared = listAt(scene.subject.card, 'capabilities', 'extensions').map((each) =>
        textAt(each, 'uri'),
      )
      const unknown = ['https://example.com/nobody/v1', 'https://example.com/knows/v9']
      const headers = { 'a2a-extensions': [...declared, ...unknown].join(',') }
      const task = await scene.task('tck-complete-task', { options: { headers } })
      insistEqual(stateOf(task), 'TASK_STATE_COMPLETED', 'the state')
      return 'ignored'
    },
  },
  {
    proves: ['A2A-9.2-a', 'A2A-10.2-a', 'A2A-11.2-a'],
    says: 'extensions that are asked for reach the agent',
    async run(scene) {
      // What a hub in front declares for itself is not for the agent.
      const [uri] = listAt(scene.subject.card, 'capabilities', 'extensions')
        .filter((each) => valueAt(each, 'params', 'by') !== 'hub')
        .map((each) => textAt(each, 'uri'))
      // A hub may have extensions of its own, which go no further.
      if (uri !== OPTIONAL_EXTENSION) throw new NotJudged('the card has no extension of the agent')
      const headers = { 'a2a-extensions': `${uri},https://example.com/nobody/v1` }
      const task = await scene.task('own-told', { options: { headers } })
      const seen = valueAt(listAt(listAt(task, 'artifacts')[0], 'parts')[0], 'data', 'extensions')
      insist(Array.isArray(seen) && seen.includes(uri), `the agent saw ${JSON.stringify(seen)}`)
      return uri
    },
  },
  {
    proves: ['A2A-3.2.1-a'],
    says: 'the output modes that the client accepts reach the agent',
    async run(scene) {
      // The answer is data: a hub may convert what is not taken.
      const acceptedOutputModes = ['text/plain', 'application/json', 'audio/wav']
      const task = await scene.task('own-told', { configuration: { acceptedOutputModes } })
      const data = valueAt(listAt(listAt(task, 'artifacts')[0], 'parts')[0], 'data')
      insistEqual(
        valueAt(data, 'configuration', 'acceptedOutputModes'),
        acceptedOutputModes,
        'what the agent saw',
      )
      return acceptedOutputModes.join(', ')
    },
  },
  {
    proves: ['A2A-7.6.1-a', 'A2A-7.6.1-b', 'A2A-7.6.1-c', 'A2A-3.2.2-a'],
    says: 'a task that wants a right says so, with a message that explains it',
    async run(scene) {
      const task = await scene.task('own-auth')
      insistEqual(stateOf(task), 'TASK_STATE_AUTH_REQUIRED', 'the state')
      const text = textAt(listAt(task, 'status', 'message', 'parts')[0], 'text')
      insistEqual(text, 'The calendar wants your consent.', 'the message')
      return text
    },
  },
  {
    proves: ['A2A-7.6.1-f'],
    says: 'a task that wants a right takes messages',
    async run(scene) {
      const { id } = await scene.task('own-auth')
      const next = await scene.task('tck-complete-task', { message: { taskId: id } })
      insistEqual(stateOf(next), 'TASK_STATE_COMPLETED', 'the state')
      return 'taken'
    },
  },
  {
    proves: ['A2A-7.6.1-e'],
    says: 'who listens to a task hears what follows when it wanted a right',
    needs: [streaming],
    async run(scene) {
      const { id } = await scene.task('own-auth')
      const stream = await scene.subscribe(String(id))
      await stream.next()
      await scene.send('tck-complete-task', { message: { taskId: id } })
      const events = await stream.rest()
      insistEqual(events.map(kindOf).at(-1), 'TASK_STATE_COMPLETED', 'the last event')
      return `${events.length} events`
    },
  },
]
