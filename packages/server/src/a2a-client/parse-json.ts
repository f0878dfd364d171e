import { invalidAnswer } from './status-error.ts'

/** JSON as an agent sent it. Whatever the hub says on is written anew, so that none can read it differently. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw invalidAnswer('is no JSON', error)
  }
}
