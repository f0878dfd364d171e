import { ParleyError } from '@parley/contract'
import { classifyMessage, type Message } from '../lib/json-rpc.ts'
import { StrictJsonError, parseStrict } from '../lib/strict-json/index.ts'

/** Reads one message of an upstream; whatever is no JSON-RPC message is `upstream_invalid`. */
export function readMessage(bytes: Buffer): Message {
  let value: unknown
  try {
    value = parseStrict(bytes)
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    throw new ParleyError(
      'upstream_invalid',
      `The server sent something that is no clean JSON: it ${error.message}.`,
      { cause: error },
    )
  }
  const message = classifyMessage(value)
  if (!message)
    throw new ParleyError('upstream_invalid', 'The server sent something that is no JSON-RPC message.')
  return message
}
