import { ParleyError } from '@parley/contract'
import { answerFromV03, checkAnswer, type StreamResponse } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'

/**
 * A notification of either version as an event of 1.0. Those of 0.3 are bare and name their kind (0.3, §9.5). Throws
 * `invalid_params` for what is none.
 */
export function readEvent(body: JsonObject): StreamResponse {
  try {
    const event =
      'kind' in body ? answerFromV03('SubscribeToTask', body) : checkAnswer('SubscribeToTask', body)
    return event as unknown as StreamResponse
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== 'upstream_invalid') throw error
    throw new ParleyError('invalid_params', 'The body is no event of a task.', { cause: error })
  }
}
