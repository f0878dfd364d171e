import { fromJsonRpcErrorResponse, fromRestErrorBody } from '@a2a-js/sdk/errors'
import * as sdkErrors from '@a2a-js/sdk/errors'
import { buildGrpcErrorMetadata, decodeErrorInfo, decodeStatus, grpcStatusFor } from '@a2a-js/sdk/errors/grpc'
import { Metadata } from '@grpc/grpc-js'
import { ERRORS, ParleyError, type ErrorCode } from '@parley/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMessage } from '../proto/decode-message.ts'
import { badRequest, BAD_REQUEST_TYPE, ERROR_INFO_TYPE } from './error-details.ts'
import { A2A_ERRORS } from './error-forms.ts'
import { fromGrpcStatus } from './from-grpc-status.ts'
import { fromHttpError } from './from-http-error.ts'
import { fromJsonRpcError } from './from-json-rpc-error.ts'
import { GRPC_DETAILS_KEY, toGrpcStatus } from './to-grpc-status.ts'
import { toHttpError } from './to-http-error.ts'
import { toJsonRpcError } from './to-json-rpc-error.ts'

const CONTEXT = { timestamp: '2025-11-09T10:30:00.000Z', taskId: 'tsk_1' }
const CODES = Object.keys(ERRORS) as ErrorCode[]
const OF_A2A = CODES.filter((code) => A2A_ERRORS[code].isOfA2a)
const SDK_NAMES = [
  'TaskNotFoundError',
  'TaskNotCancelableError',
  'PushNotificationNotSupportedError',
  'UnsupportedOperationError',
  'ContentTypeNotSupportedError',
  'InvalidAgentResponseError',
  'ExtendedAgentCardNotConfiguredError',
  'ExtensionSupportRequiredError',
  'VersionNotSupportedError',
] as const

describe('errors of A2A', () => {
  it.each(CODES)('%s is said alike in the three bindings: code, words, details (§3.3.2, §5.4)', (code) => {
    const error = new ParleyError(code, 'Words.')
    const form = A2A_ERRORS[code]
    const info = {
      '@type': ERROR_INFO_TYPE,
      reason: form.reason,
      domain: form.isOfA2a ? 'a2a-protocol.org' : 'parley',
      metadata: CONTEXT,
    }
    expect(toJsonRpcError(error, CONTEXT)).toEqual({ code: form.jsonRpc, message: 'Words.', data: [info] })
    expect(toHttpError(error, CONTEXT)).toEqual({
      status: form.http,
      body: { error: { code: form.http, status: form.grpc, message: 'Words.', details: [info] } },
    })
    const status = toGrpcStatus(error, CONTEXT)
    const told = decodeStatus(status.details)
    expect({ code: told.code, message: told.message }).toEqual({ code: status.code, message: 'Words.' })
    expect(decodeErrorInfo(Buffer.from(told.details[0]!.value))).toEqual({
      reason: info.reason,
      domain: info.domain,
      metadata: CONTEXT,
    })
  })

  it.each(OF_A2A)('is read by the SDK as its own: %s', (code) => {
    const error = new ParleyError(code, 'Words.')
    const rpc = toJsonRpcError(error, CONTEXT)
    const read = fromJsonRpcErrorResponse({ jsonrpc: '2.0', id: 1, error: rpc as never })
    expect(read.reason).toBe(A2A_ERRORS[code].reason)
    const http = toHttpError(error, CONTEXT)
    expect(fromRestErrorBody(http.body.error as never, { statusCode: http.status }).reason).toBe(
      A2A_ERRORS[code].reason,
    )
  })

  it.each(SDK_NAMES)('reads %s of the SDK in each binding', (name) => {
    const sdkError = new (sdkErrors as unknown as Record<string, new (options: object) => Error>)[name]!({
      message: 'From the agent.',
    })
    const rpc = sdkErrors.toJsonRpcError(sdkError)
    const status = sdkErrors.restStatusFor(sdkError)
    const metadata = buildGrpcErrorMetadata(Metadata, sdkError)!
    const bytes = metadata.get(GRPC_DETAILS_KEY)[0] as Buffer
    const read = [
      fromJsonRpcError(rpc),
      fromHttpError(status, sdkErrors.toRestErrorBody(sdkError, status)),
      fromGrpcStatus(grpcStatusFor(sdkError), 'From the agent.', bytes),
      fromGrpcStatus(2, `${name}: From the agent.`),
    ]
    const reason = name
      .replace(/Error$/, '')
      .replace(/(?!^)[A-Z]/g, '_$&')
      .toUpperCase()
    const expected = OF_A2A.find((code) => A2A_ERRORS[code].reason === reason)
    expect(read.map(({ code }) => code)).toEqual([expected, expected, expected, expected])
    expect(read[0]!.message).toBe('From the agent.')
  })

  it('carries the fields that are wrong through every binding, and back', () => {
    const violations = [{ field: 'message.parts', description: 'At least one is required.' }]
    const error = new ParleyError('invalid_params', 'Invalid parameters', { data: [badRequest(violations)] })
    const rpc = toJsonRpcError(error, CONTEXT)
    expect((rpc.data as unknown[])[1]).toEqual({ '@type': BAD_REQUEST_TYPE, fieldViolations: violations })
    const http = toHttpError(error, CONTEXT)
    const grpc = toGrpcStatus(error, CONTEXT)
    for (const read of [
      fromJsonRpcError(rpc),
      fromHttpError(http.status, http.body),
      fromGrpcStatus(grpc.code, grpc.message, grpc.details),
    ]) {
      expect(read.code).toBe('invalid_params')
      expect(read.data).toEqual([badRequest(violations)])
    }
  })

  it('says nothing of what went wrong inside', () => {
    const error = new Error('/secret/path: password=hunter2')
    for (const said of [toJsonRpcError(error, CONTEXT), toHttpError(error, CONTEXT)]) {
      expect(JSON.stringify(said)).not.toContain('secret')
    }
    const { details } = toGrpcStatus(error, CONTEXT)
    expect(details.toString('latin1')).not.toContain('secret')
  })

  it('keeps an error within the trailers that HTTP/2 peers take', () => {
    const violations = Array.from({ length: 20 }, (_, index) => ({
      field: `message.parts[${index}].${'x'.repeat(64)}`,
      description: 'Must have one of text, raw, url, data.',
    }))
    const error = new ParleyError('invalid_params', 'm'.repeat(5000), { data: [badRequest(violations)] })
    const status = toGrpcStatus(error, CONTEXT)
    expect(status.details.length).toBeLessThan(4096)
    expect(status.message.length).toBe(1000)
  })
})

describe('errors of agents', () => {
  it('takes the reason over the number', () => {
    const data = [{ '@type': ERROR_INFO_TYPE, domain: 'a2a-protocol.org', reason: 'TASK_NOT_CANCELABLE' }]
    expect(fromJsonRpcError({ code: -32603, message: 'm', data }).code).toBe('task_not_cancelable')
    const elsewhere = [{ '@type': ERROR_INFO_TYPE, domain: 'elsewhere', reason: 'TASK_NOT_CANCELABLE' }]
    expect(fromJsonRpcError({ code: -32001, message: 'm', data: elsewhere }).code).toBe('task_not_found')
    const strange = [{ '@type': ERROR_INFO_TYPE, domain: 'a2a-protocol.org', reason: '__proto__' }]
    expect(fromJsonRpcError({ code: -32001, message: 'm', data: strange }).code).toBe('task_not_found')
  })

  it.each<[unknown, ErrorCode]>([
    [{ code: -32700, message: 'm' }, 'upstream_invalid'],
    [{ code: -32601, message: 'm' }, 'unsupported_operation'],
    [{ code: -32603, message: 'm' }, 'upstream_unavailable'],
    [{ code: 4701, message: 'm' }, 'upstream_invalid'],
    [{ code: 'x', message: 'm' }, 'upstream_invalid'],
    [null, 'upstream_invalid'],
    ['error', 'upstream_invalid'],
  ])('JSON-RPC %j is %s', (error, code) => {
    expect(fromJsonRpcError(error).code).toBe(code)
  })

  it.each<[number, unknown, ErrorCode]>([
    [404, '<html>', 'upstream_invalid'],
    [404, { error: { code: 404, message: 'm' } }, 'task_not_found'],
    [400, { code: -32001, message: 'Task not found' }, 'task_not_found'],
    [500, { code: -32004, message: 'm', data: {} }, 'unsupported_operation'],
    [401, { error: { message: 'm' } }, 'upstream_unavailable'],
    [503, undefined, 'upstream_unavailable'],
    [418, { error: { message: 'm' } }, 'upstream_invalid'],
  ])('HTTP %i %j is %s', (status, body, code) => {
    expect(fromHttpError(status, body).code).toBe(code)
  })

  it.each<[number, ErrorCode]>([
    [2, 'upstream_unavailable'],
    [4, 'upstream_timeout'],
    [12, 'unsupported_operation'],
    [16, 'upstream_unavailable'],
    [99, 'upstream_invalid'],
  ])('gRPC %i is %s', (status, code) => {
    expect(fromGrpcStatus(status, 'm').code).toBe(code)
    expect(fromGrpcStatus(status, 'm', Buffer.from('no protobuf')).code).toBe(code)
  })

  it('never tells a caller that its own credential is wrong when an agent refuses the hub', () => {
    for (const error of [
      fromHttpError(401, { error: { message: 'm' } }),
      fromGrpcStatus(16, 'm'),
      fromJsonRpcError({ code: A2A_ERRORS.unauthenticated.jsonRpc, message: 'm' }),
    ])
      expect(A2A_ERRORS[error.code].http).not.toBe(401)
  })

  it('bounds what an agent says, and makes it plain', () => {
    const loud = fromJsonRpcError({ code: -32001, message: `\u001b[31mred\u202e\n${'a'.repeat(5000)}` })
    expect(loud.message.length).toBeLessThanOrEqual(1000)
    expect(loud.message).toMatch(/^\[31mred aaa/)
    const violations = Array.from({ length: 100 }, () => ({
      field: 'f'.repeat(999),
      description: 7,
      more: {},
    }))
    const data = [{ '@type': BAD_REQUEST_TYPE, fieldViolations: violations }]
    const told = (
      fromJsonRpcError({ code: -32602, message: '', data }).data as { fieldViolations: object[] }[]
    )[0]!
    expect(told.fieldViolations).toHaveLength(20)
    expect(told.fieldViolations[0]).toEqual({ field: `${'f'.repeat(199)}…`, description: '' })
  })

  it('makes an error of any answer', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.integer({ min: 100, max: 600 }),
        fc.uint8Array(),
        (json, status, bytes) => {
          expect(fromJsonRpcError(json)).toBeInstanceOf(ParleyError)
          expect(fromHttpError(status, json)).toBeInstanceOf(ParleyError)
          expect(fromGrpcStatus(status % 20, 'm', Buffer.from(bytes))).toBeInstanceOf(ParleyError)
        },
      ),
    )
    expect(decodeMessage('Status', Buffer.alloc(0))).toEqual({})
  })
})
