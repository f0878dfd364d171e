import { interfaceOf } from '../subject.ts'
import { objectAt } from '../wire/json.ts'
import { told } from '../wire/reply.ts'
import { insist, NotJudged } from './check.ts'
import type { Check } from './check.ts'
import { insistError } from './errors.ts'
import { newId } from './scene.ts'
import type { Scene } from './scene.ts'

const overHttp = ['JSONRPC', 'HTTP+JSON'] as const

/** Versions (§3.6). */
export const versionChecks: Check[] = [
  {
    proves: ['A2A-3.6.2-b', 'A2A-14.2.1-a'],
    says: 'a version that is not spoken, or is none, is refused',
    async run(scene) {
      for (const version of ['1.7', '2.0', '0.2', '99.0', 'latest', '1', '-1.0', '1.0,0.3']) {
        const reply = await scene.send('tck-complete-task', { options: { version } })
        try {
          insistError(scene.binding, reply, 'VERSION_NOT_SUPPORTED')
        } catch (error) {
          throw new Error(`with A2A-Version ${version}: ${error instanceof Error ? error.message : ''}`, {
            cause: error,
          })
        }
      }
      return 'VERSION_NOT_SUPPORTED'
    },
  },
  {
    proves: ['A2A-3.6.2-b'],
    says: 'a version is refused in every operation, before the task is looked for',
    async run(scene) {
      const id = newId('nonexistent')
      for (const operation of ['GetTask', 'CancelTask', 'ListTasks'] as const) {
        const reply = await scene.call(operation, operation === 'ListTasks' ? {} : { id }, { version: '1.7' })
        insistError(scene.binding, reply, 'VERSION_NOT_SUPPORTED')
      }
      return 'VERSION_NOT_SUPPORTED'
    },
  },
  {
    proves: ['A2A-3.6-b', 'A2A-3.6.2-a'],
    says: 'a patch number makes no difference',
    async run(scene) {
      for (const version of ['1.0', '1.0.0', '1.0.1', '1.0.9']) {
        const reply = await scene.send('tck-complete-task', { options: { version } })
        insist(reply.result?.['task'] !== undefined, `${version} is answered with ${told(reply)}`)
      }
      return '1.0, 1.0.0, 1.0.1, 1.0.9'
    },
  },
  {
    proves: ['A2A-3.6.1-b'],
    says: 'the version may stand in the query instead of the header',
    bindings: overHttp,
    async run(scene) {
      const good = await scene.send('tck-complete-task', {
        options: { version: null, query: 'A2A-Version=1.0' },
      })
      insist(good.result?.['task'] !== undefined, told(good))
      const other = await scene.send('tck-complete-task', {
        options: { version: null, query: 'A2A-Version=1.7' },
      })
      return insistError(scene.binding, other, 'VERSION_NOT_SUPPORTED')
    },
  },
  {
    proves: ['A2A-3.6.2-c'],
    says: 'no version, and an empty one, are 0.3',
    bindings: overHttp,
    async run(scene) {
      const is03 = interfaceOf(scene.subject, scene.binding, '0.3') !== undefined
      const saw: string[] = []
      for (const version of [null, '']) {
        const reply = await scene.send('tck-complete-task', { options: { version } })
        const reason = reply.error?.reason
        if (!is03) insistError(scene.binding, reply, 'VERSION_NOT_SUPPORTED')
        else insist(reason !== 'VERSION_NOT_SUPPORTED', `0.3 is not spoken: ${told(reply)}`)
        // A server may take a message of 1.0 for one of 0.3, and answers in the words of 0.3.
        const message = objectAt(reply.result, 'task', 'status', 'message')
        insist(!('parts' in message) || 'kind' in message, `it is answered as by 1.0: ${told(reply)}`)
        saw.push(told(reply).slice(0, 60))
      }
      return saw.join('; ')
    },
  },
  {
    proves: ['A2A-3.6.2-b'],
    says: 'gRPC of 0.3 is refused where there is none',
    bindings: ['GRPC'],
    async run(scene) {
      insistNoOldGrpc(scene)
      const reply = await scene.send('tck-complete-task', { options: { version: '0.3' } })
      return insistError('GRPC', reply, 'VERSION_NOT_SUPPORTED')
    },
  },
  {
    proves: ['A2A-3.6.2-c'],
    says: 'gRPC without a version is 0.3, and refused where there is none',
    bindings: ['GRPC'],
    async run(scene) {
      insistNoOldGrpc(scene)
      const reply = await scene.send('tck-complete-task', { options: { version: null } })
      return insistError('GRPC', reply, 'VERSION_NOT_SUPPORTED')
    },
  },
]

function insistNoOldGrpc({ subject }: Scene): void {
  if (interfaceOf(subject, 'GRPC', '0.3') !== undefined) throw new NotJudged('gRPC has 0.3 here')
}
