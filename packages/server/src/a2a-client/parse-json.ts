import { StrictJsonError, parseStrict } from '../lib/strict-json/index.ts'
import { invalidAnswer } from './status-error.ts'

/** JSON as an agent sent it: what two readers could understand differently goes no further, nor what is too deep. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return parseStrict(bytes)
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    throw invalidAnswer(`is no clean JSON: it ${error.message}`, error)
  }
}
