import type { IncomingMessage } from 'node:http'
import { ParleyError } from '@parley/contract'
import { joinChunks } from '../lib/join-chunks.ts'

/**
 * Reads a request body of at most `limitBytes` and calls back once: with the body, or with `too_large` or
 * `unsupported_media_type`. Never calls back when the client goes away first. After an error the caller answers
 * with `refuseRequest`, which closes the connection.
 *
 * NOTE: on the lane. With a Content-Length the parser vouches for the number of bytes, so a body that arrives whole
 * costs one listener and no copy.
 */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  callback: (error: ParleyError | undefined, body: Buffer) => void,
): void {
  const { headers } = request
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    const message = 'Send the body without a content encoding.'
    return callback(new ParleyError('unsupported_media_type', message), EMPTY)
  }
  const declared = headers['content-length']
  if (declared === undefined) return readUntilEnd(request, limitBytes, callback)
  const length = Number(declared)
  if (length > limitBytes) return callback(tooLarge(limitBytes), EMPTY)
  if (length === 0) return callback(undefined, EMPTY)
  readLength(request, length, callback)
}

type Callback = Parameters<typeof readBody>[2]

const EMPTY = Buffer.alloc(0)

function readLength(request: IncomingMessage, length: number, callback: Callback): void {
  let chunks: Buffer[] | undefined
  let received = 0
  request.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received === length) {
      if (!chunks) return callback(undefined, chunk)
      chunks.push(chunk)
      return callback(undefined, joinChunks(chunks))
    }
    if (chunks) chunks.push(chunk)
    else chunks = [chunk]
  })
}

/** Chunked, or no body at all. */
function readUntilEnd(request: IncomingMessage, limitBytes: number, callback: Callback): void {
  const chunks: Buffer[] = []
  let received = 0
  const onEnd = () => callback(undefined, chunks.length === 0 ? EMPTY : joinChunks(chunks))
  const onData = (chunk: Buffer) => {
    received += chunk.length
    if (received <= limitBytes) {
      chunks.push(chunk)
      return
    }
    chunks.length = 0
    request.off('data', onData)
    request.off('end', onEnd)
    callback(tooLarge(limitBytes), EMPTY)
  }
  request.on('data', onData)
  request.on('end', onEnd)
}

function tooLarge(limitBytes: number): ParleyError {
  return new ParleyError('too_large', `The body is larger than ${limitBytes} bytes.`)
}
