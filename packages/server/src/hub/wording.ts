import type { ParleyError } from '@parley/contract'
import {
  answerToV03,
  eventToV03,
  toHttpError,
  toJsonRpcError,
  toV03Error,
  type A2aVersion,
  type ErrorContext,
  type OperationName,
} from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { EventFrame } from './hub-call.ts'

/** How one version says in JSON what the hub answers; inside it is always said in the words of 1.0. */
export interface Wording {
  answer(operation: OperationName, answer: JsonObject): string
  event(frame: EventFrame): string
  error(error: ParleyError, context: ErrorContext): { readonly status: number; readonly json: string }
}

/** For JSON-RPC: `result` and `error`. */
export const JSON_RPC_WORDINGS: Readonly<Record<A2aVersion, Wording>> = {
  '1.0': {
    answer: (_operation, answer) => JSON.stringify(answer),
    event: ({ json }) => json,
    error: (error, context) => ({ status: 200, json: JSON.stringify(toJsonRpcError(error, context)) }),
  },
  '0.3': {
    answer: (operation, answer) => JSON.stringify(answerToV03(operation, answer, 'JSONRPC')),
    event: (frame) => frame.form('0.3', (event) => JSON.stringify(eventToV03(event, 'kind'))),
    error: (error, context) => ({ status: 200, json: JSON.stringify(toV03Error(error, context).error) }),
  },
}

/** For HTTP+JSON: whole bodies. */
export const REST_WORDINGS: Readonly<Record<A2aVersion, Wording>> = {
  '1.0': {
    answer: JSON_RPC_WORDINGS['1.0'].answer,
    event: ({ json }) => json,
    error(error, context) {
      const { status, body } = toHttpError(error, context)
      return { status, json: JSON.stringify(body) }
    },
  },
  '0.3': {
    answer: (operation, answer) => JSON.stringify(answerToV03(operation, answer, 'HTTP+JSON')),
    event: (frame) => frame.form('0.3 proto', (event) => JSON.stringify(eventToV03(event, 'proto'))),
    error(error, context) {
      const { status, error: body } = toV03Error(error, context)
      return { status, json: JSON.stringify(body) }
    },
  },
}
