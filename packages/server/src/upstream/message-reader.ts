import { ParleyError } from '@parley/contract'
import { classifyMessage, type Message } from '../lib/json-rpc.ts'
import { StrictJsonError, parseStrict } from '../lib/strict-json/index.ts'

/** What one batch of an upstream may hold. */
const MAX_MESSAGES = 1000

/** Reads one message of an upstream; whatever is no JSON-RPC message is `upstream_invalid`. */
export function readMessage(bytes: Buffer): Message {
  return toMessage(parse(bytes))
}

/** The same where an array may be several messages. */
export function readMessages(bytes: Buffer, isBatching: boolean): readonly Message[] {
  const value = parse(bytes)
  if (!isBatching || !Array.isArray(value)) return [toMessage(value)]
  if (value.length > MAX_MESSAGES)
    throw new ParleyError('upstream_invalid', `The server sent more than ${MAX_MESSAGES} messages as one.`)
  return value.map(toMessage)
}

function parse(bytes: Buffer): unknown {
  try {
    return parseStrict(bytes)
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    throw new ParleyError(
      'upstream_invalid',
      `The server sent something that is no clean JSON: it ${error.message}.`,
      { cause: error },
    )
  }
}

function toMessage(value: unknown): Message {
  const message = classifyMessage(value)
  if (message) return message
  throw new ParleyError('upstream_invalid', 'The server sent something that is no JSON-RPC message.')
}
