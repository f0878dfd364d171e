import { ParleyError, type ErrorCode } from '@parley/contract'
import { badRequest, type ToldDetails } from './error-details.ts'
import { A2A_ERRORS } from './error-forms.ts'
import { toPlainText } from './to-plain-text.ts'

const MAX_MESSAGE_CHARS = 1000

const BY_REASON: ReadonlyMap<string, ErrorCode> = new Map(
  (Object.keys(A2A_ERRORS) as ErrorCode[])
    .filter((code) => A2A_ERRORS[code].isOfA2a)
    .map((code) => [A2A_ERRORS[code].reason, code]),
)

/** What is said where an agent gives no words of its own. */
const DEFAULT_WORDS = 'The agent answered with an error and no message.'

/**
 * An agent's error as one of ours. The `reason` of its ErrorInfo wins over the number of its binding (specification
 * §10.6, §11.6). Its words are public, within bounds; its own ids and data go no further.
 */
export function agentError(fallback: ErrorCode, message: unknown, told: ToldDetails): ParleyError {
  const code = codeOfReason(told.reason) ?? fallback
  const words = typeof message === 'string' ? toPlainText(message, MAX_MESSAGE_CHARS) : ''
  return new ParleyError(
    code,
    words === '' ? DEFAULT_WORDS : words,
    told.violations.length === 0 ? {} : { data: [badRequest(told.violations)] },
  )
}

export function codeOfReason(reason: string | undefined): ErrorCode | undefined {
  return reason === undefined ? undefined : BY_REASON.get(reason)
}

/** An error that has not even the form of one. */
export function noError(binding: string): ParleyError {
  return new ParleyError('upstream_invalid', `The agent's answer is no error of ${binding}.`)
}
