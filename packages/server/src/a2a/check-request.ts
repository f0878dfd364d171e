import { ParleyError } from '@parley/contract'
import type { JsonObject } from '../lib/json-rpc.ts'
import { checkMessage, type FieldViolation } from './check-message.ts'
import { badRequest } from './errors/error-details.ts'
import { OPERATIONS, type OperationName } from './operations.ts'

/** The bounds of `ListTasks` (specification §3.1.4). */
const MAX_PAGE_SIZE = 100

/**
 * The request of an operation in its canonical form, from JSON of any origin. Throws `invalid_params` that names each
 * field and what is wrong with it.
 */
export function checkRequest(operation: OperationName, json: unknown): JsonObject {
  const checked = checkMessage(OPERATIONS[operation].request, json, 'client')
  const violations = checked.kind === 'valid' ? checkRanges(operation, checked.value) : checked.violations
  if (checked.kind === 'valid' && violations.length === 0) return checked.value
  throw refuseFields(violations)
}

/** What an agent answered to an operation; throws `upstream_invalid` where it is no answer to it. */
export function checkAnswer(operation: OperationName, json: unknown): JsonObject {
  const name = OPERATIONS[operation].response
  const checked = checkMessage(name, json, 'agent')
  if (checked.kind === 'valid') return checked.value
  throw new ParleyError('upstream_invalid', `The agent's answer is no ${name}: ${tell(checked.violations)}`)
}

/** `invalid_params` with its `google.rpc.BadRequest` (§9.5). */
export function refuseFields(violations: readonly FieldViolation[]): ParleyError {
  return new ParleyError('invalid_params', `Invalid parameters: ${tell(violations)}`, {
    data: [badRequest(violations)],
  })
}

/** The first of them, in words. */
function tell(violations: readonly FieldViolation[]): string {
  return violations
    .slice(0, 3)
    .map(({ field, description }) => (field === '' ? description : `${field}: ${description}`))
    .join(' ')
}

function checkRanges(operation: OperationName, request: JsonObject): FieldViolation[] {
  const violations: FieldViolation[] = []
  switch (operation) {
    case 'SendMessage':
    case 'SendStreamingMessage': {
      const configuration = request['configuration'] as JsonObject | undefined
      checkHistoryLength(configuration?.['historyLength'], 'configuration.historyLength', violations)
      break
    }
    case 'GetTask':
      checkHistoryLength(request['historyLength'], 'historyLength', violations)
      break
    case 'ListTasks': {
      checkHistoryLength(request['historyLength'], 'historyLength', violations)
      const pageSize = request['pageSize'] as number | undefined
      if (pageSize !== undefined && (pageSize < 1 || pageSize > MAX_PAGE_SIZE))
        violations.push({ field: 'pageSize', description: `Must be from 1 to ${MAX_PAGE_SIZE}.` })
      break
    }
    case 'ListTaskPushNotificationConfigs':
      // Without presence, 0 is as not set.
      if (((request['pageSize'] as number | undefined) ?? 0) < 0)
        violations.push({ field: 'pageSize', description: 'Must not be negative.' })
      break
    case 'CreateTaskPushNotificationConfig':
      // Not REQUIRED in the proto, as `SendMessage` has it without; here nothing else names the task (§3.1.7).
      if (request['taskId'] === undefined) violations.push({ field: 'taskId', description: 'Is required.' })
      break
  }
  return violations
}

function checkHistoryLength(value: unknown, field: string, violations: FieldViolation[]): void {
  if (value !== undefined && (value as number) < 0)
    violations.push({ field, description: 'Must not be negative.' })
}
