import { ParleyError } from '@parley/contract'
import { describe, expect, it } from 'vitest'
import { checkAnswer, checkRequest } from './check-request.ts'
import type { OperationName } from './operations.ts'

function refusalOf(check: () => unknown): ParleyError {
  try {
    check()
  } catch (error) {
    if (error instanceof ParleyError) return error
  }
  throw new Error('Not refused')
}

describe('requests and answers of A2A', () => {
  it('says which fields are wrong as google.rpc.BadRequest (§9.5)', () => {
    const refusal = refusalOf(() =>
      checkRequest('ListTasks', { pageSize: 150, historyLength: -5, status: 'TASK_STATE_RUNNING' }),
    )
    expect(refusal.code).toBe('invalid_params')
    expect(refusal.message).toContain('status: Must be one of TASK_STATE_SUBMITTED')
    expect(refusal.data).toEqual([
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [
          { field: 'status', description: expect.stringContaining('TASK_STATE_AUTH_REQUIRED') },
        ],
      },
    ])
  })

  it.each<[OperationName, object, string]>([
    ['ListTasks', { pageSize: 0 }, 'pageSize'],
    ['ListTasks', { pageSize: 101 }, 'pageSize'],
    ['ListTasks', { historyLength: -1 }, 'historyLength'],
    ['GetTask', { id: 't', historyLength: -1 }, 'historyLength'],
    ['GetTask', {}, 'id'],
    ['ListTaskPushNotificationConfigs', { taskId: 't', pageSize: -1 }, 'pageSize'],
    ['CreateTaskPushNotificationConfig', { url: 'https://a.example' }, 'taskId'],
    [
      'SendStreamingMessage',
      {
        message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'a' }] },
        configuration: { historyLength: -1 },
      },
      'configuration.historyLength',
    ],
  ])('%s: %j is refused for %s', (operation, request, field) => {
    expect(refusalOf(() => checkRequest(operation, request)).data).toMatchObject([
      { fieldViolations: [{ field }] },
    ])
  })

  it('takes the ends of the ranges, and pageSize 0 where it is as not set', () => {
    expect(checkRequest('ListTasks', { pageSize: 1, historyLength: 0 })).toEqual({
      pageSize: 1,
      historyLength: 0,
    })
    expect(checkRequest('ListTasks', { pageSize: 100 })).toEqual({ pageSize: 100 })
    expect(checkRequest('ListTaskPushNotificationConfigs', { taskId: 't', pageSize: 0 })).toBeDefined()
  })

  it('takes no answer of an agent that is none of the operation', () => {
    const refusal = refusalOf(() => checkAnswer('GetTask', { id: 't', status: { state: 'done' } }))
    expect(refusal.code).toBe('upstream_invalid')
    expect(refusal.message).toMatch(/^The agent's answer is no Task: status\.state: Must be one of/)
    expect(refusal.data).toBeUndefined()
    expect(refusalOf(() => checkAnswer('SendMessage', { statusUpdate: {} })).code).toBe('upstream_invalid')
  })
})
