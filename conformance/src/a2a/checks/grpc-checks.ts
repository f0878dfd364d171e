import { objectAt, textAt } from '../wire/json.ts'
import { OPERATIONS, streams } from '../wire/operations.ts'
import type { Operation } from '../wire/operations.ts'
import { told } from '../wire/reply.ts'
import { insist, insistEqual } from './check.ts'
import type { Check } from './check.ts'
import { insistError } from './errors.ts'
import { streaming } from './needs.ts'
import { newId, stateOf } from './scene.ts'
import { kindOf } from './stream-checks.ts'

const bindings = ['GRPC'] as const
const service = '/lf.a2a.v1.A2AService'
const unimplemented = 12

/** The gRPC binding (§10). */
export const grpcChecks: Check[] = [
  {
    proves: ['A2A-10.1-a', 'A2A-5.3-a'],
    says: 'every operation is a method of the service, and no other is',
    bindings,
    async run(scene) {
      const request = { id: 'none', taskId: 'none', url: 'https://client.example.com' }
      for (const name of Object.keys(OPERATIONS) as Operation[]) {
        if (streams(name)) {
          const stream = await scene.client.open(name, request)
          stream.close()
          insist(stream.refusal?.error?.code !== unimplemented, `${name} is not known`)
        } else {
          const reply = await scene.call(name, request)
          insist(reply.error?.code !== unimplemented, `${name} is not known`)
        }
      }
      const other = await scene.grpc.callBytes(`${service}/Nothing`, Buffer.alloc(0))
      insistEqual(other.error?.code, unimplemented, 'the answer to Nothing')
      return `${Object.keys(OPERATIONS).length} methods`
    },
  },
  {
    proves: ['A2A-10.2-b'],
    says: 'keys of metadata count whatever their case, and A2A-Version is read from it',
    bindings,
    async run(scene) {
      const reply = await scene.send('tck-complete-task', { options: { version: '99.0' } })
      return insistError('GRPC', reply, 'VERSION_NOT_SUPPORTED')
    },
  },
  {
    proves: ['A2A-10.6-a', 'A2A-3.3.2-l', 'A2A-3.3.2-m', 'A2A-3.3.2-n'],
    says: 'an error has its status, a message and ErrorInfo in its details',
    bindings,
    async run(scene) {
      return insistError('GRPC', await scene.call('GetTask', { id: newId('none') }), 'TASK_NOT_FOUND')
    },
  },
  {
    proves: ['A2A-10.6-b', 'A2A-3.3.2-g'],
    says: 'bytes that are no message are refused, and the server goes on',
    bindings,
    async run(scene) {
      for (const bytes of [
        Buffer.from([0xff, 0xff, 0xff]),
        Buffer.from([0x0a, 0x7f, 0x01]),
        Buffer.alloc(64, 0x08),
      ]) {
        const reply = await scene.grpc.callBytes(`${service}/GetTask`, bytes)
        const isRefused = [3, 13].includes(reply.error?.code ?? 0)
        insist(isRefused, `${bytes.toString('hex')} is answered with ${told(reply)}`)
      }
      await scene.task('tck-complete-task')
      return 'refused'
    },
  },
  {
    proves: ['A2A-5.7-d'],
    says: 'fields that nobody knows are ignored on the wire',
    bindings,
    async run(scene) {
      const { encode } = await import('../wire/grpc-client.ts')
      const task = await scene.task('tck-complete-task')
      const tenant = scene.interfaceOf('GRPC', '1.0')?.tenant
      const known = encode('GetTask', { id: task['id'], ...(tenant === undefined ? {} : { tenant }) })
      // Field 2000 with a varint, field 2001 with three bytes.
      const unknown = Buffer.from([0x80, 0x7d, 0x05, 0x8a, 0x7d, 0x03, 1, 2, 3])
      const reply = await scene.grpc.callBytes(`${service}/GetTask`, Buffer.concat([known, unknown]))
      insist(reply.error === undefined, told(reply))
      return 'ignored'
    },
  },
  {
    proves: ['A2A-10.7-a'],
    says: 'streams are server streams, which their client can end',
    bindings,
    needs: [streaming],
    async run(scene) {
      const stream = await scene.stream('own-endless')
      const id = textAt(objectAt(await stream.next(), 'task'), 'id')
      stream.close()
      const task = await scene.result('GetTask', { id })
      insist(
        ['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING'].includes(stateOf(task)),
        `the task is ${stateOf(task)}`,
      )
      await scene.result('CancelTask', { id })
      return kindOf(stream.events[0] ?? {})
    },
  },
]
