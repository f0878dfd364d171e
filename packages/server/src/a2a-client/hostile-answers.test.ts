import fc from 'fast-check'
import { ParleyError } from '@parley/contract'
import { expect, it } from 'vitest'
import { A2A_VERSIONS, OPERATIONS, type OperationName } from '../a2a/index.ts'
import { createJsonRpcDialect } from './json-rpc-dialect.ts'
import { createRestDialect } from './rest-dialect.ts'
import { WORDINGS } from './wording.ts'

const operations = Object.keys(OPERATIONS) as OperationName[]
const MEMBERS = [
  'task',
  'message',
  'statusUpdate',
  'artifactUpdate',
  'status',
  'state',
  'parts',
  'kind',
  'id',
  'name',
]
const POISON = ['__proto__', 'constructor', 'toString', 'error', 'result', 'details', 'code']
const key = fc.oneof(fc.constantFrom(...MEMBERS, ...POISON), fc.string({ maxLength: 8 }))
const leaf = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('task', 'completed', 'TASK_STATE_WORKING'),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
  ),
}))
const bytes = fc.oneof(
  value.map((json) => Buffer.from(JSON.stringify(json))),
  fc.uint8Array({ maxLength: 200 }).map((random) => Buffer.from(random)),
)

for (const version of A2A_VERSIONS) {
  const wording = WORDINGS[version]
  it(`whatever an agent of ${version} answers is an answer, an error of its own, or invalid`, () => {
    const holds = (operation: OperationName, body: Buffer, status: number) => {
      if (!wording.supports(operation)) return
      for (const dialect of [createJsonRpcDialect('/', wording), createRestDialect('/', wording)]) {
        const written = { operation, method: 'POST', path: '/', body, id: 1 } as const
        const event = { event: undefined, id: undefined, data: body.toString('utf8'), retryMs: undefined }
        const enveloped = Buffer.from(`{"jsonrpc":"2.0","id":1,"result":${body.toString('utf8')}}`)
        const reads = [
          () => dialect.readAnswer(written, status, body),
          () => dialect.readAnswer(written, 200, enveloped),
          () => dialect.readEvent(written, event),
          () => wording.decode(operation, body),
        ]
        for (const read of reads) expect(outcomeOf(read)).toBe('fine')
      }
    }
    const cases = fc.property(
      fc.constantFrom(...operations),
      bytes,
      fc.constantFrom(200, 400, 404, 500),
      holds,
    )
    fc.assert(cases, { numRuns: 2000 })
  })
}

/** Anything but a `ParleyError` is a fault of ours, and so is a polluted prototype. */
function outcomeOf(read: () => unknown): string {
  try {
    const answer = read()
    if (Object.keys(Object.prototype).length > 0) return 'the prototype of all objects was changed'
    return answer === undefined || typeof answer === 'object' ? 'fine' : typeof answer
  } catch (error) {
    return error instanceof ParleyError ? 'fine' : String(error)
  }
}
