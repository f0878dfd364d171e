import type { OperationName, StreamResponse } from '../a2a/index.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { invalidAnswer } from './status-error.ts'

const EVENTS = ['task', 'message', 'statusUpdate', 'artifactUpdate'] as const
const SENT = ['task', 'message'] as const

/** The answer of an operation; throws `upstream_invalid` for what is none. */
export function asAnswer(operation: OperationName, value: unknown): JsonObject {
  if (operation === 'DeleteTaskPushNotificationConfig') return {}
  if (!isObject(value)) throw invalidAnswer('is no object')
  if (operation === 'SendMessage' && !hasOneOf(value, SENT))
    throw invalidAnswer('is neither a task nor a message')
  return value
}

export function asStreamResponse(value: unknown): StreamResponse {
  if (!isObject(value) || !hasOneOf(value, EVENTS)) throw invalidAnswer('has an event that is none of A2A')
  return value as unknown as StreamResponse
}

function hasOneOf(value: JsonObject, names: readonly string[]): boolean {
  let count = 0
  for (const name of names) if (isObject(value[name])) count++
  return count === 1
}
