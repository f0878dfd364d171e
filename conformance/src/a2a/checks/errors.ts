import type { Binding } from '../wire/operations.ts'
import { told } from '../wire/reply.ts'
import type { Reply } from '../wire/reply.ts'
import { insist } from './check.ts'

export const ERROR_DOMAIN = 'a2a-protocol.org'

/** §5.4: the codes of JSON-RPC, HTTP and gRPC. */
const A2A_ERRORS = {
  TASK_NOT_FOUND: [-32001, 404, 5],
  TASK_NOT_CANCELABLE: [-32002, 400, 9],
  PUSH_NOTIFICATION_NOT_SUPPORTED: [-32003, 400, 9],
  UNSUPPORTED_OPERATION: [-32004, 400, 9],
  CONTENT_TYPE_NOT_SUPPORTED: [-32005, 400, 3],
  INVALID_AGENT_RESPONSE: [-32006, 500, 13],
  EXTENDED_AGENT_CARD_NOT_CONFIGURED: [-32007, 400, 9],
  EXTENSION_SUPPORT_REQUIRED: [-32008, 400, 9],
  VERSION_NOT_SUPPORTED: [-32009, 400, 9],
} as const
export type A2aErrorName = keyof typeof A2A_ERRORS

const column: Readonly<Record<Binding, 0 | 1 | 2>> = { JSONRPC: 0, 'HTTP+JSON': 1, GRPC: 2 }

/** The error in the form of its binding: code, message and `ErrorInfo` (§9.5, §10.6, §11.6). */
export function insistError(binding: Binding, reply: Reply, name: A2aErrorName): string {
  const { error } = reply
  insist(error !== undefined, `${name} was expected, and came ${told(reply)}`)
  const code = A2A_ERRORS[name][column[binding]]
  insist(error.code === code, `${name} has code ${code}, and came ${told(reply)}`)
  if (binding === 'HTTP+JSON')
    insist(reply.http?.status === code, `${name} has status ${code}, and came ${told(reply)}`)
  insist(error.message !== '', `${name} came without a message`)
  insist(
    error.details.every((detail) => typeof detail['@type'] === 'string'),
    'a detail has no @type',
  )
  insist(error.reason === name, `ErrorInfo has the reason "${error.reason}" instead of ${name}`)
  insist(error.domain === ERROR_DOMAIN, `ErrorInfo has the domain "${error.domain}"`)
  return `${name} as ${code}`
}

/** Arguments that are wrong, in the form of the binding. */
export function insistInvalid(binding: Binding, reply: Reply, what: string): string {
  const { error } = reply
  insist(error !== undefined, `${what} was accepted: ${told(reply)}`)
  const codes = binding === 'JSONRPC' ? [-32602, -32600] : binding === 'GRPC' ? [3] : [400]
  insist(codes.includes(error.code), `${what} is answered with ${told(reply)}`)
  insist(error.message !== '', `${what} is refused without a message`)
  return `${what}: ${error.code}`
}
