import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { encodeRequest, decodeAnswer, type OperationName } from '../src/a2a/index.ts'
import { frameGrpcMessage } from '../src/http/index.ts'

export interface RawGrpcAnswer {
  readonly headers: IncomingHttpHeaders
  readonly trailers: IncomingHttpHeaders
  readonly messages: readonly any[]
  /** Code of RST_STREAM. */
  readonly reset: number
}

/** gRPC by hand, over one connection: what no library would send. */
export function openRawGrpc(address: string): ClientHttp2Session & Disposable {
  const session = connect(`http://${address}`)
  session.on('error', () => undefined)
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() })
}

/** One call; `body` stands for the frames as they are to go out. */
export function callRawGrpc(
  session: ClientHttp2Session,
  operation: OperationName,
  asked: { request?: object; body?: Buffer; headers?: Record<string, string | string[]>; path?: string },
): Promise<RawGrpcAnswer> {
  const { request = {}, headers = {} } = asked
  const stream = session.request({
    ':method': 'POST',
    ':path': asked.path ?? `/lf.a2a.v1.A2AService/${operation}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    'a2a-version': '1.0',
    ...headers,
  })
  stream.end(asked.body ?? frameGrpcMessage(encodeRequest(operation, { tenant: 'helper', ...request })))
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let got: IncomingHttpHeaders = {}
    let trailers: IncomingHttpHeaders = {}
    stream.on('error', () => undefined)
    stream.on('response', (response) => (got = response))
    stream.on('trailers', (last) => (trailers = last))
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('close', () =>
      resolve({
        headers: got,
        trailers: Object.keys(trailers).length > 0 ? trailers : got,
        messages: messagesOf(operation, Buffer.concat(chunks)),
        reset: stream.rstCode,
      }),
    )
  })
}

function messagesOf(operation: OperationName, bytes: Buffer): any[] {
  const messages: any[] = []
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 5 + bytes.readUInt32BE(at + 1)
    messages.push(decodeAnswer(operation, bytes.subarray(at + 5, end)))
    at = end
  }
  return messages
}
