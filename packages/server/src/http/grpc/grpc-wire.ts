/** Status codes that the listener says by itself. */
export const GRPC_CODES = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const

const PREFIX_BYTES = 5

/** A message with what stands before it on the wire: not compressed, and its length. */
export function frameGrpcMessage(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length)
  frame[0] = 0
  frame.writeUInt32BE(message.length, 1)
  message.copy(frame, PREFIX_BYTES)
  return frame
}

export type ReadMessage =
  | { readonly kind: 'message'; readonly message: Buffer }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'refused'; readonly code: number; readonly says: string }

/** The one message of a request, out of what came until now. */
export function readGrpcMessage(bytes: Buffer, limitBytes: number, isEnd: boolean): ReadMessage {
  if (bytes.length < PREFIX_BYTES) {
    return isEnd ? refused(GRPC_CODES.invalidArgument, 'The request has no message.') : { kind: 'incomplete' }
  }
  if (bytes[0] !== 0)
    return refused(GRPC_CODES.unimplemented, 'Send messages without compression (grpc-encoding: identity).')
  const length = bytes.readUInt32BE(1)
  if (length > limitBytes)
    return refused(GRPC_CODES.resourceExhausted, `The message is larger than ${limitBytes} bytes.`)
  const end = PREFIX_BYTES + length
  if (bytes.length > end) return refused(GRPC_CODES.invalidArgument, 'The request has more than one message.')
  if (!isEnd) return { kind: 'incomplete' }
  if (bytes.length < end) return refused(GRPC_CODES.invalidArgument, 'The message ends early.')
  return { kind: 'message', message: bytes.subarray(PREFIX_BYTES) }
}

function refused(code: number, says: string): ReadMessage {
  return { kind: 'refused', code, says }
}

const UNITS_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
}

/** What `grpc-timeout` says, `Infinity` where there is none; undefined for what it cannot say. */
export function readGrpcTimeoutMs(header: string | undefined): number | undefined {
  if (header === undefined) return Infinity
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(header) ?? []
  return digits === undefined ? undefined : Number(digits) * UNITS_MS[unit!]!
}

/** Percent-encoded as peers decode it; what is no text of Unicode is made one. */
export function writeGrpcText(text: string): string {
  return encodeURI(text.toWellFormed())
}
