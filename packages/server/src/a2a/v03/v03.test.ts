import { ERRORS, ParleyError, type ErrorCode } from '@parley/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkMessage } from '../check-message.ts'
import { fromHttpError } from '../errors/from-http-error.ts'
import { fromJsonRpcError } from '../errors/from-json-rpc-error.ts'
import { A2A_ERRORS } from '../errors/error-forms.ts'
import { arbitraryMessage } from '../fixtures/arbitrary-message.ts'
import { SAMPLE_CARD } from '../fixtures/sample-card.ts'
import type { JsonObject } from '../../lib/json-rpc.ts'
import type { AgentCard } from '../model.ts'
import { BINDINGS, OPERATIONS, type OperationName } from '../operations.ts'
import { answerFromV03, answerToV03 } from './answers.ts'
import { cardFromV03 } from './card-from-v03.ts'
import { cardToV03 } from './card-to-v03.ts'
import { operationOfV03, V03_METHODS } from './methods.ts'
import { requestFromV03, requestToV03 } from './requests.ts'
import { toV03Error } from './to-v03-error.ts'
import { decodeV03Answer, decodeV03Request, encodeV03Answer, encodeV03Request } from './v03-bytes.ts'

const MESSAGE = { kind: 'message', messageId: 'm', role: 'user', parts: [{ kind: 'text', text: 'a' }] }
const OPERATIONS_OF_V03 = Object.keys(V03_METHODS) as OperationName[]

function sent(params: object, binding: 'JSONRPC' | 'HTTP+JSON' = 'JSONRPC'): JsonObject {
  return requestFromV03('SendMessage', { message: MESSAGE, ...params }, binding)
}

describe('requests of A2A 0.3', () => {
  it('has a method for each operation but listing tasks', () => {
    expect(OPERATIONS_OF_V03).toEqual(Object.keys(OPERATIONS).filter((name) => name !== 'ListTasks'))
    for (const operation of OPERATIONS_OF_V03)
      expect(operationOfV03(V03_METHODS[operation]!.jsonRpc)).toBe(operation)
    expect(operationOfV03('tasks/list')).toBeUndefined()
    expect(operationOfV03('__proto__')).toBeUndefined()
  })

  it.each(['SendMessage', 'GetTask', 'CancelTask'] as const)(
    'brings any %s there and back over JSON-RPC',
    (operation) => {
      fc.assert(
        fc.property(
          arbitraryMessage(OPERATIONS[operation].request).filter(isAccepted(operation)),
          (request) => {
            const { tenant: _tenant, ...known } = request
            const back = requestFromV03(operation, requestToV03(operation, request, 'JSONRPC'), 'JSONRPC')
            expect(comparable(back)).toEqual(comparable(known))
          },
        ),
        { numRuns: 100 },
      )
    },
  )

  it('waits unless told not to, as agents of 0.3 do; ProtoJSON says it in every configuration', () => {
    const waits = (request: JsonObject) =>
      (request['configuration'] as JsonObject | undefined)?.['returnImmediately'] !== true
    expect(waits(sent({}))).toBe(true)
    expect(waits(sent({ configuration: {} }))).toBe(true)
    expect(waits(sent({ configuration: { blocking: false } }))).toBe(false)
    expect(waits(sent({}, 'HTTP+JSON'))).toBe(true)
    expect(waits(sent({ configuration: {} }, 'HTTP+JSON'))).toBe(false)
    expect(waits(sent({ configuration: { blocking: true } }, 'HTTP+JSON'))).toBe(true)
    expect(requestToV03('SendMessage', sent({}), 'JSONRPC')['configuration']).toEqual({ blocking: true })
  })

  it('names the only push configuration of a task by the task', () => {
    const url = 'https://a.example'
    expect(
      requestFromV03(
        'CreateTaskPushNotificationConfig',
        { taskId: 't', pushNotificationConfig: { url } },
        'JSONRPC',
      ),
    ).toEqual({ taskId: 't', id: 't', url })
    expect(requestFromV03('GetTaskPushNotificationConfig', { id: 't' }, 'JSONRPC')).toEqual({
      taskId: 't',
      id: 't',
    })
  })

  it('takes the first of several authentication schemes', () => {
    const authentication = { schemes: ['Bearer', 'Basic'], credentials: 'c' }
    const params = {
      taskId: 't',
      pushNotificationConfig: { id: 'p', url: 'https://a.example', authentication },
    }
    expect(requestFromV03('CreateTaskPushNotificationConfig', params, 'JSONRPC')).toMatchObject({
      authentication: { scheme: 'Bearer', credentials: 'c' },
    })
  })

  it('takes a REST body in the words of JSON-RPC too', () => {
    expect(sent({}, 'HTTP+JSON')).toEqual(sent({}))
    const proto = { messageId: 'm', role: 'ROLE_USER', content: [{ text: 'a' }] }
    expect(requestFromV03('SendMessage', { request: proto }, 'HTTP+JSON')).toEqual(sent({}))
  })

  it('takes resource names as gRPC has them, and no others', () => {
    expect(requestFromV03('GetTask', { name: 'tasks/t' }, 'GRPC')).toEqual({ id: 't' })
    const name = 'tasks/t/pushNotificationConfigs/p'
    expect(requestFromV03('DeleteTaskPushNotificationConfig', { name }, 'GRPC')).toEqual({
      taskId: 't',
      id: 'p',
    })
    for (const bad of ['t', 'tasks/', 'tasks/a/b', 'tasks/../x/y'])
      expect(() => requestFromV03('GetTask', { name: bad }, 'GRPC')).toThrow(/id: Is required/)
  })

  it.each<[string, object, RegExp]>([
    ['no role', { message: { ...MESSAGE, role: 'system' } }, /message\.role: Must be one of/],
    [
      'no kind of part',
      { message: { ...MESSAGE, parts: [{ kind: 'video', video: 'x' }] } },
      /Must have one of text/,
    ],
    ['no parts', { message: { ...MESSAGE, parts: [] } }, /message\.parts: At least one is required/],
    [
      'bytes that are none',
      { message: { ...MESSAGE, parts: [{ kind: 'file', file: { bytes: '*' } }] } },
      /raw: Must be base64/,
    ],
    [
      'a file twice',
      {
        message: { ...MESSAGE, parts: [{ kind: 'file', file: { bytes: 'AA==', uri: 'https://a.example' } }] },
      },
      /Cannot be set beside raw/,
    ],
    [
      'a history below nothing',
      { configuration: { historyLength: -1 } },
      /historyLength: Must not be negative/,
    ],
  ])('refuses %s', (_, params, told) => {
    expect(() => sent(params)).toThrow(told)
  })

  it('refuses what 0.3 cannot do', () => {
    expect(() => requestFromV03('ListTasks', {}, 'JSONRPC')).toThrow(
      expect.objectContaining({ code: 'method_not_found' }),
    )
    expect(() => decodeV03Request('ListTasks', Buffer.alloc(0))).toThrow(ParleyError)
  })

  it('answers any parameters with a request or with invalid_params', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...OPERATIONS_OF_V03),
        fc.constantFrom(...BINDINGS),
        fc.oneof(
          fc.jsonValue(),
          fc.record({ message: fc.jsonValue(), configuration: fc.jsonValue(), name: fc.jsonValue() }),
        ),
        (operation, binding, params) => {
          expectOnly('invalid_params', () => requestFromV03(operation, params, binding))
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('answers of A2A 0.3', () => {
  it.each(['JSONRPC', 'HTTP+JSON', 'GRPC'] as const)('brings any event there and back over %s', (binding) => {
    fc.assert(
      fc.property(arbitraryMessage('StreamResponse').filter(isAnswer), (event) => {
        const back =
          binding === 'GRPC'
            ? decodeV03Answer('SendStreamingMessage', encodeV03Answer('SendStreamingMessage', event))
            : answerFromV03('SendStreamingMessage', answerToV03('SendStreamingMessage', event, binding))
        expect(comparable(back)).toEqual(comparable(event))
      }),
      { numRuns: 100 },
    )
  })

  it('says final where a stream ends: at the end of a task, and where it waits for its caller', () => {
    const finals = ['WORKING', 'SUBMITTED', 'INPUT_REQUIRED', 'AUTH_REQUIRED', 'COMPLETED', 'REJECTED'].map(
      (state) => {
        const statusUpdate = { taskId: 't', contextId: 'c', status: { state: `TASK_STATE_${state}` } }
        return (answerToV03('SubscribeToTask', { statusUpdate }, 'JSONRPC') as JsonObject)['final']
      },
    )
    expect(finals).toEqual([false, false, true, true, true, true])
  })

  it('keeps data that is no object, and media types of text, in metadata', () => {
    const message = {
      messageId: 'm',
      role: 'ROLE_AGENT',
      parts: [{ data: [1] }, { text: '<p>', mediaType: 'text/html' }],
    }
    const said = answerToV03('SendMessage', { message }, 'JSONRPC') as JsonObject
    expect(said['parts']).toEqual([
      { kind: 'data', data: { value: [1] }, metadata: { data_part_compat: true } },
      { kind: 'text', text: '<p>', metadata: { mediaType: 'text/html' } },
    ])
    expect(answerFromV03('SendMessage', said)).toEqual({ message })
  })

  it('takes times without a zone, states that are unknown, and texts that are empty', () => {
    const task = {
      id: 't',
      contextId: 'c',
      kind: 'task',
      status: { state: 'unknown', timestamp: '2025-10-28 10:30:00.123456' },
      artifacts: [{ artifactId: 'a', name: '', parts: [] }],
    }
    expect(answerFromV03('GetTask', task)).toEqual({
      id: 't',
      contextId: 'c',
      status: { state: 'TASK_STATE_WORKING', timestamp: '2025-10-28T10:30:00.123456Z' },
      artifacts: [{ artifactId: 'a', parts: [] }],
    })
    const broken = { ...task, status: { state: 'working', timestamp: 'yesterday' } }
    expect(answerFromV03('GetTask', broken)['status']).toEqual({ state: 'TASK_STATE_WORKING' })
  })

  it('blames the agent for an answer that is none', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...OPERATIONS_OF_V03),
        fc.jsonValue(),
        fc.uint8Array(),
        (operation, json, bytes) => {
          expectOnly('upstream_invalid', () => answerFromV03(operation, json))
          expectOnly('upstream_invalid', () =>
            answerFromV03(operation, { kind: 'task', status: json, history: [json] }),
          )
          expectOnly('upstream_invalid', () => decodeV03Answer(operation, Buffer.from(bytes)))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('reads requests over gRPC as it writes them', () => {
    const request = {
      message: { messageId: 'm', role: 'ROLE_USER', parts: [{ raw: 'AAE=', filename: 'a.bin' }] },
    }
    expect(decodeV03Request('SendMessage', encodeV03Request('SendMessage', request))).toEqual({
      ...request,
      configuration: {},
    })
  })
})

describe('cards of A2A 0.3', () => {
  const OF_V03 = SAMPLE_CARD.supportedInterfaces.filter(({ protocolVersion }) => protocolVersion === '0.3')

  it.each(['kind', 'proto'] as const)('brings a card there and back in the form %s', (form) => {
    expect(cardFromV03(cardToV03(SAMPLE_CARD, form))).toEqual({ ...SAMPLE_CARD, supportedInterfaces: OF_V03 })
  })

  it('has every interface once, the preferred one first', () => {
    const card = {
      url: 'https://a.example',
      protocolVersion: '0.3.0',
      additionalInterfaces: [
        { url: 'https://a.example', transport: 'JSONRPC' },
        { url: 'https://b.example', transport: 'HTTP+JSON' },
      ],
    }
    expect((cardFromV03(card) as unknown as AgentCard).supportedInterfaces).toEqual([
      { url: 'https://a.example', protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
      { url: 'https://b.example', protocolBinding: 'HTTP+JSON', protocolVersion: '0.3' },
    ])
  })

  it('is refused where the agent has no interface of 0.3', () => {
    const card = { ...SAMPLE_CARD, supportedInterfaces: SAMPLE_CARD.supportedInterfaces.slice(0, 1) }
    expect(() => cardToV03(card, 'kind')).toThrow(expect.objectContaining({ code: 'unsupported_version' }))
  })

  it('leaves out what 0.3 has no word for, and the signatures of another text', () => {
    const authorizationCode = {
      authorizationUrl: 'https://a.example',
      tokenUrl: 'https://a.example',
      scopes: {},
      pkceRequired: true,
    }
    const card = {
      ...SAMPLE_CARD,
      signatures: [{ protected: 'e30', signature: 'AA' }],
      securitySchemes: {
        a: { oauth2SecurityScheme: { flows: { authorizationCode } } },
        b: { oauth2SecurityScheme: { flows: { deviceCode: {} } } },
      },
    }
    const text = JSON.stringify(cardToV03(card, 'kind'))
    expect(text).not.toMatch(/pkceRequired|deviceCode|signatures/)
    expect(text).toContain('"type":"oauth2"')
  })
})

describe('errors of A2A 0.3', () => {
  const OF_A2A = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => A2A_ERRORS[code].isOfA2a)

  it.each(OF_A2A)('%s keeps its code over JSON-RPC and REST', (code) => {
    const { status, error } = toV03Error(new ParleyError(code, 'Words.'), {
      timestamp: '2025-01-01T00:00:00Z',
    })
    expect(error).toMatchObject({
      code: A2A_ERRORS[code].jsonRpc,
      message: 'Words.',
      data: { details: [{}] },
    })
    expect(fromJsonRpcError(error)).toMatchObject({ code, message: 'Words.' })
    expect(fromHttpError(status, error).code).toBe(code)
  })
})

function expectOnly(code: ErrorCode, act: () => unknown): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== code) throw error
  }
}

function isAccepted(operation: OperationName): (json: object) => boolean {
  return (json) => {
    try {
      requestFromV03(operation, requestToV03(operation, json as JsonObject, 'JSONRPC'), 'JSONRPC')
      return checkMessage(OPERATIONS[operation].request, json, 'client').kind === 'valid'
    } catch {
      return false
    }
  }
}

function isAnswer(json: object): boolean {
  return checkMessage('StreamResponse', json, 'agent').kind === 'valid'
}

/**
 * Without what 0.3 has no place for: tenants, the task of a configuration that is sent with its message, file names of texts and data, their media types where they are the usual
 * ones, defaults, and what is empty.
 */
function comparable(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(comparable)
  if (typeof json !== 'object' || json === null) return json
  const object = json as Record<string, unknown>
  const isTextOrData = 'text' in object || 'data' in object
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(object)) {
    if (isTextOrData && (key === 'filename' || key === 'mediaType')) continue
    if (key === 'tenant' || (key === 'taskId' && 'url' in object)) continue
    const inner = key === 'data' || key === 'metadata' ? value : comparable(value)
    if (key === 'data' || !isEmpty(inner)) kept[key] = inner
  }
  return kept
}

function isEmpty(value: unknown): boolean {
  if (value === '' || value === false || value === undefined) return true
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
