import { describe, expect, it } from 'vitest'
import type { OperationName } from './operations.ts'
import { requestFromQuery } from './request-from-query.ts'

function read(operation: OperationName, query: string, path: Record<string, string> = {}) {
  return requestFromQuery(operation, path, new URLSearchParams(query))
}

describe('requests of HTTP+JSON without a body', () => {
  it('has each parameter in the type of its field (§11.5)', () => {
    const query =
      'contextId=c&status=TASK_STATE_WORKING&pageSize=10&historyLength=0&includeArtifacts=true&statusTimestampAfter=2025-10-28T10:30:00.000Z&x=1'
    expect(read('ListTasks', query)).toEqual({
      contextId: 'c',
      status: 'TASK_STATE_WORKING',
      pageSize: 10,
      historyLength: 0,
      includeArtifacts: true,
      statusTimestampAfter: '2025-10-28T10:30:00.000Z',
    })
    expect(read('ListTasks', 'includeArtifacts=false&pageSize=&pageToken=')).toEqual({
      includeArtifacts: false,
    })
  })

  it('has what the path says, whatever the query says', () => {
    expect(read('GetTask', 'id=other&history_length=2', { id: 't' })).toEqual({ id: 't', historyLength: 2 })
    expect(read('GetTaskPushNotificationConfig', '', { taskId: 't', id: 'p' })).toEqual({
      taskId: 't',
      id: 'p',
    })
  })

  it.each<[string, RegExp]>([
    ['pageSize=150', /pageSize: Must be from 1 to 100/],
    ['pageSize=ten', /pageSize: Must be a whole number/],
    ['pageSize=1e1', /pageSize: Must be a whole number/],
    ['historyLength=-5', /historyLength: Must not be negative/],
    ['status=TASK_STATE_RUNNING', /status: Must be one of TASK_STATE_SUBMITTED/],
    ['includeArtifacts=yes', /includeArtifacts: Must be true or false/],
    ['statusTimestampAfter=yesterday', /statusTimestampAfter: Must be a time/],
    ['pageSize=1&pageSize=2', /pageSize: Is given twice/],
    ['pageSize=1&page_size=2', /pageSize: Is given twice/],
  ])('refuses %s', (query, told) => {
    expect(() => read('ListTasks', query)).toThrow(told)
  })

  it('knows no names of prototypes', () => {
    expect(read('ListTasks', '__proto__=1&constructor=2&toString=3')).toEqual({})
  })
})
