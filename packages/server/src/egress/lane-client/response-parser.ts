import { ParleyError } from '@parley/contract'

/** The head of a response, as far as the lane needs it. */
export interface LaneHead {
  readonly status: number
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly wwwAuthenticate: string | undefined
  /** -1 when the response does not say. */
  readonly contentLength: number
}

/** Hears one response. Chunks are the receiver's, for good. */
export interface ResponseSink {
  onHead(head: LaneHead): void
  onData(chunk: Buffer): void
  onEnd(): void
}

const MAX_HEADERS = 128
const MAX_INTERIM = 8
const MAX_SIZE_LINE_BYTES = 256
const MAX_EXTENSION_BYTES = 16 * 1024
const MAX_TRAILER_BYTES = 4096

const LF = 0x0a
const CR = 0x0d

const AT = { head: 0, length: 1, untilClose: 2, size: 3, chunk: 4, chunkEnd: 5, trailer: 6, done: 7 } as const
type At = (typeof AT)[keyof typeof AT]

/** Status line and header lines without folding, bare line breaks or other control characters (RFC 9112 §4, §5). */
const HEAD =
  /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/
const TRAILER_LINE = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*)?$/
const SIZE_LINE = /^([0-9a-fA-F]{1,8})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/

/**
 * Reads the responses of one HTTP/1.1 connection, one after the other (RFC 9112). It takes nothing for granted: what
 * two readers could understand differently is `upstream_invalid`. Bytes after the end of a response are reported by
 * `push` and never become part of the next.
 */
export class ResponseParser {
  readonly #headLimitBytes: number
  #sink: ResponseSink | undefined
  #at: At = AT.done
  #held: Buffer | undefined
  /** What HTTP chunks of this push have held so far: many small ones are handed on as one. */
  #pieces: Buffer[] = []
  #left = 0
  #interims = 0
  #extensionBytes = 0
  #trailerBytes = 0
  /** Whether the connection may carry another exchange after this response. */
  keepsAlive = true
  /** Seconds of the server's own `Keep-Alive: timeout` hint. */
  keepAliveSeconds: number | undefined

  constructor(headLimitBytes: number) {
    this.#headLimitBytes = headLimitBytes
  }

  /** Expects a response from here on. */
  begin(sink: ResponseSink): void {
    this.#sink = sink
    this.#at = AT.head
    this.#interims = 0
    this.#extensionBytes = 0
    this.#trailerBytes = 0
    this.keepsAlive = true
    this.keepAliveSeconds = undefined
  }

  get isDone(): boolean {
    return this.#at === AT.done
  }

  /** Takes what came. False when there were bytes that belong to no response. Throws `upstream_invalid`. */
  push(bytes: Buffer): boolean {
    try {
      return this.#read(bytes)
    } finally {
      this.#handOn()
    }
  }

  #read(bytes: Buffer): boolean {
    let chunk = bytes
    if (this.#held) {
      chunk = Buffer.concat([this.#held, bytes])
      this.#held = undefined
    }
    let at = 0
    while (at < chunk.length) {
      if (this.#at === AT.done) return false
      const next = this.#step(chunk, at)
      if (next < 0) {
        this.#held = Buffer.from(chunk.subarray(at))
        return true
      }
      at = next
    }
    return true
  }

  /** The server closed the connection: the end of a body that says no length, otherwise an error. */
  close(): void {
    if (this.#at !== AT.untilClose) {
      throw new ParleyError(
        'upstream_unavailable',
        'The server ended the connection before its answer was complete.',
      )
    }
    this.#end()
  }

  /** Reads one part from `at`; answers where the next begins, -1 when the part is not complete. */
  #step(chunk: Buffer, at: number): number {
    switch (this.#at) {
      case AT.head:
        return this.#readHead(chunk, at)
      case AT.length:
      case AT.chunk:
        return this.#readLeft(chunk, at)
      case AT.untilClose:
        this.#sink!.onData(at === 0 ? chunk : chunk.subarray(at))
        return chunk.length
      case AT.size:
        return this.#readSize(chunk, at)
      case AT.chunkEnd:
        return this.#readChunkEnd(chunk, at)
      default:
        return this.#readTrailer(chunk, at)
    }
  }

  #readHead(chunk: Buffer, at: number): number {
    const end = chunk.indexOf('\r\n\r\n', at, 'latin1')
    const size = (end < 0 ? chunk.length : end + 2) - at
    if (size > this.#headLimitBytes) throw unusable('its head is too large')
    if (end < 0) return -1
    const text = chunk.toString('latin1', at, end + 2)
    if (!HEAD.test(text)) throw unusable('its head is not HTTP/1.1')
    const status = Number(text.slice(9, 12))
    if (status === 101) throw unusable('it changes the protocol')
    if (status < 200) {
      if (++this.#interims > MAX_INTERIM) throw unusable('too many interim responses')
      return end + 4
    }
    this.#open(status, readFields(text))
    return end + 4
  }

  #open(status: number, fields: Fields): void {
    this.keepsAlive = fields.keepsAlive
    this.keepAliveSeconds = fields.keepAliveSeconds
    const isEmpty = status === 204 || status === 304
    this.#left = isEmpty ? 0 : fields.contentLength
    if (isEmpty) {
      this.#at = AT.length
      // A server that thinks otherwise would send its body into the next answer (RFC 9112 §6.3).
      if (fields.isChunked || (status === 204 && fields.contentLength > 0)) this.keepsAlive = false
    } else if (fields.isChunked) this.#at = AT.size
    else if (this.#left >= 0) this.#at = AT.length
    else {
      this.#at = AT.untilClose
      this.keepsAlive = false
    }
    const { contentType, contentEncoding, wwwAuthenticate } = fields
    this.#sink!.onHead({ status, contentType, contentEncoding, wwwAuthenticate, contentLength: this.#left })
    if (this.#at === AT.length && this.#left === 0) this.#end()
  }

  #readLeft(chunk: Buffer, at: number): number {
    const take = Math.min(this.#left, chunk.length - at)
    this.#left -= take
    const isWhole = at === 0 && take === chunk.length
    this.#pieces.push(isWhole ? chunk : chunk.subarray(at, at + take))
    if (this.#left === 0) {
      if (this.#at === AT.chunk) this.#at = AT.chunkEnd
      else this.#end()
    }
    return at + take
  }

  #readSize(chunk: Buffer, at: number): number {
    const line = readLine(chunk, at, MAX_SIZE_LINE_BYTES)
    if (line === undefined) return -1
    const size = SIZE_LINE.exec(line)?.[1]
    if (size === undefined) throw unusable('a chunk has no size')
    this.#extensionBytes += line.length - size.length
    if (this.#extensionBytes > MAX_EXTENSION_BYTES) throw unusable('its chunk extensions are too large')
    this.#left = Number.parseInt(size, 16)
    this.#at = this.#left === 0 ? AT.trailer : AT.chunk
    return at + line.length + 2
  }

  #readChunkEnd(chunk: Buffer, at: number): number {
    if (chunk.length - at < 2 && chunk[at] === CR) return -1
    if (chunk[at] !== CR || chunk[at + 1] !== LF) throw unusable('a chunk is longer than it says')
    this.#at = AT.size
    return at + 2
  }

  #readTrailer(chunk: Buffer, at: number): number {
    const line = readLine(chunk, at, MAX_TRAILER_BYTES)
    if (line === undefined) return -1
    this.#trailerBytes += line.length
    if (this.#trailerBytes > MAX_TRAILER_BYTES) throw unusable('its trailer is too large')
    if (!TRAILER_LINE.test(line)) throw unusable('its trailer cannot be read')
    if (line === '') this.#end()
    return at + line.length + 2
  }

  #handOn(): void {
    const pieces = this.#pieces
    if (pieces.length === 0) return
    this.#pieces = []
    this.#sink!.onData(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))
  }

  #end(): void {
    this.#at = AT.done
    this.#handOn()
    this.#sink!.onEnd()
  }
}

function readLine(chunk: Buffer, at: number, limitBytes: number): string | undefined {
  const end = chunk.indexOf(LF, at)
  if ((end < 0 ? chunk.length : end) - at > limitBytes) throw unusable('a line is too long')
  if (end < 0) return undefined
  if (chunk[end - 1] !== CR || end === at) throw unusable('a line ends without a carriage return')
  const line = chunk.toString('latin1', at, end - 1)
  if (line.includes('\r')) throw unusable('a line holds a carriage return')
  return line
}

interface Fields {
  contentType: string | undefined
  contentEncoding: string | undefined
  wwwAuthenticate: string | undefined
  contentLength: number
  isChunked: boolean
  keepsAlive: boolean
  keepAliveSeconds: number | undefined
}

/** Picks what counts out of a head that `HEAD` has accepted. */
function readFields(text: string): Fields {
  const isOld = text.charCodeAt(7) === 0x30
  const fields: Fields = {
    contentType: undefined,
    contentEncoding: undefined,
    wwwAuthenticate: undefined,
    contentLength: -1,
    isChunked: false,
    keepsAlive: !isOld,
    keepAliveSeconds: undefined,
  }
  let count = 0
  let at = text.indexOf('\r\n') + 2
  while (at < text.length) {
    const end = text.indexOf('\r\n', at)
    if (++count > MAX_HEADERS) throw unusable('it has too many headers')
    readField(fields, text, at, end)
    at = end + 2
  }
  if (fields.isChunked && fields.contentLength >= 0) throw unusable('it has two lengths')
  if (fields.isChunked && isOld) throw unusable('HTTP/1.0 has no chunks')
  return fields
}

/** Names are told apart by first letter and length before anything is copied. */
function readField(fields: Fields, text: string, start: number, end: number): void {
  const first = text.charCodeAt(start) | 0x20
  if (first !== 0x63 && first !== 0x74 && first !== 0x6b && first !== 0x77) return
  const colon = text.indexOf(':', start)
  switch (text.slice(start, colon).toLowerCase()) {
    case 'content-type':
      fields.contentType ??= valueOf(text, colon, end)
      return
    case 'content-encoding':
      fields.contentEncoding = join(fields.contentEncoding, valueOf(text, colon, end))
      return
    case 'www-authenticate':
      fields.wwwAuthenticate = join(fields.wwwAuthenticate, valueOf(text, colon, end))
      return
    case 'content-length':
      return readLength(fields, valueOf(text, colon, end))
    case 'transfer-encoding':
      if (valueOf(text, colon, end).toLowerCase() !== 'chunked' || fields.isChunked)
        throw unusable('its transfer coding is not chunked')
      fields.isChunked = true
      return
    case 'connection':
      readConnection(fields, valueOf(text, colon, end).toLowerCase())
      return
    case 'keep-alive':
      fields.keepAliveSeconds = readTimeout(valueOf(text, colon, end))
      return
  }
}

/** Without the spaces and tabs around it, and only those: `trim` takes more (RFC 9110 §5.6.3). */
function valueOf(text: string, colon: number, end: number): string {
  let from = colon + 1
  let to = end
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** Several fields of one name are one list (RFC 9110 §5.2): none of them hides another. */
function join(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`
}

function readLength(fields: Fields, value: string): void {
  if (fields.contentLength >= 0 || !/^\d{1,15}$/.test(value)) throw unusable('its length cannot be read')
  fields.contentLength = Number(value)
}

function readConnection(fields: Fields, value: string): void {
  const options = value.split(',').map((option) => option.trim())
  if (options.includes('close')) fields.keepsAlive = false
  else if (options.includes('keep-alive')) fields.keepsAlive = true
}

function readTimeout(value: string): number | undefined {
  const seconds = /(?:^|[,\s])timeout=(\d{1,6})(?:$|[,\s])/i.exec(value)?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}

function unusable(detail: string): ParleyError {
  return new ParleyError('upstream_invalid', 'The server sent an answer that cannot be used.', { detail })
}
