import { createServer } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { decodeRequest, encodeAnswer, toGrpcStatus } from '../a2a/index.ts'
import { ParleyError } from '@parley/contract'
import { TASK, WORKING } from './fixtures/raw-agent.ts'
import { codeOf, gather, openLink, OPTIONS, sending } from './fixtures/test-kit.ts'
import { AgentCredentialRefused } from './status-error.ts'

type Unary = ServerUnaryCall<Buffer, Buffer>
type Streaming = ServerWritableStream<Buffer, Buffer>
type Answer = (error: object | null, bytes?: Buffer) => void
type OnCall = (call: Unary, answer: Answer) => void
type OnStream = (call: Streaming) => void

const SERVICE = '/lf.a2a.v1.A2AService'
const asIs = (bytes: Buffer): Buffer => bytes
const ANSWER = encodeAnswer('SendMessage', { task: TASK })
const EVENT = encodeAnswer('SendStreamingMessage', { statusUpdate: WORKING })

/** A link to a gRPC server of bytes, which answers exactly as a test says. */
async function linkToGrpc(
  handlers: { onCall?: OnCall; onStream?: OnStream },
  options: { limits?: Record<string, number>; tenant?: string } = {},
) {
  const { onCall = () => undefined, onStream = () => undefined } = handlers
  const calls: Unary[] = []
  const server = new Server()
  const method = {
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
    requestStream: false,
  }
  const unary = { ...method, responseStream: false }
  const onUnary: OnCall = (call, answer) => {
    calls.push(call)
    onCall(call, answer)
  }
  server.addService(
    {
      SendMessage: { ...unary, path: `${SERVICE}/SendMessage` },
      GetTask: { ...unary, path: `${SERVICE}/GetTask` },
      SendStreamingMessage: { ...method, path: `${SERVICE}/SendStreamingMessage`, responseStream: true },
    },
    { SendMessage: onUnary as never, GetTask: onUnary as never, SendStreamingMessage: onStream as never },
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  const url = `http://127.0.0.1:${port}`
  const { tenant } = options
  const opened = openLink(
    { url, protocolBinding: 'GRPC', ...(tenant !== undefined && { tenant }) },
    options.limits,
  )
  return {
    link: opened.link,
    calls,
    server,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]()
      server.forceShutdown()
    },
  }
}

async function send(onCall: OnCall, options = OPTIONS) {
  await using agent = await linkToGrpc({ onCall })
  const error = await agent.link.call('SendMessage', sending('x'), options).then(
    () => undefined,
    (reason: Error & { code?: string }) => reason,
  )
  return { code: error?.code ?? 'fine', error, state: agent.link.health().state, calls: agent.calls.length }
}

it('sends its version, credentials and extensions as metadata, and the tenant of the interface', async () => {
  await using agent = await linkToGrpc({ onCall: (_, answer) => answer(null, ANSWER) }, { tenant: 'blue' })
  const options = {
    ...OPTIONS,
    headers: { Authorization: 'Bearer x' },
    extensions: ['https://a/1', 'https://a/2'],
  }
  expect(await agent.link.call('SendMessage', { ...sending('x'), tenant: 'red' }, options)).toEqual({
    task: TASK,
  })
  const [{ metadata, request }] = agent.calls as [Unary]
  expect(metadata.getMap()).toEqual({
    'a2a-version': '1.0',
    'a2a-extensions': 'https://a/1,https://a/2',
    authorization: 'Bearer x',
    'user-agent': expect.stringMatching(/^parley/),
  })
  expect(decodeRequest('SendMessage', request)).toEqual({ ...sending('x'), tenant: 'blue' })
})

describe('R10: a gRPC agent that does not answer as it must', () => {
  it.each<[string, Buffer]>([
    ['bytes that are no message', Buffer.from('<html>hello</html>')],
    ['nothing', Buffer.alloc(0)],
    ['a message of another kind', encodeAnswer('GetTask', TASK)],
    ['a length beyond the end', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    ['groups in groups', Buffer.alloc(1000, 0x0b)],
  ])('says so: %s', async (_, bytes) => {
    const { code, state, calls } = await send((__, answer) => answer(null, bytes))
    expect([code, state, calls]).toEqual(['upstream_invalid', 'failing', 1])
  })

  it('takes no answer that is larger than it may be', async () => {
    const large = encodeAnswer('SendMessage', { task: { ...TASK, metadata: { x: 'x'.repeat(1_100_000) } } })
    const { code, error } = await send((_, answer) => answer(null, large))
    expect(code).toBe('upstream_invalid')
    expect(error!.message).toBe("The agent's answer is larger than it may be.")
  })

  it.each([
    ['UNAVAILABLE', 14, 'upstream_unavailable', 'unreachable'],
    ['DEADLINE_EXCEEDED', 4, 'upstream_timeout', 'failing'],
    ['NOT_FOUND', 5, 'task_not_found', 'ready'],
    ['INVALID_ARGUMENT', 3, 'invalid_params', 'ready'],
    ['UNIMPLEMENTED', 12, 'unsupported_operation', 'ready'],
    ['a number that is none', 99, 'upstream_invalid', 'ready'],
  ])('knows the status %s', async (_, code, wanted, state) => {
    const answer = await send((__, reply) => reply({ code, details: 'words' }))
    expect([answer.code, answer.state, answer.calls]).toEqual([wanted, state, 1])
  })

  it('says whose credential was refused', async () => {
    const { error } = await send((_, answer) => answer({ code: 16, details: 'no' }))
    expect(error).toBeInstanceOf(AgentCredentialRefused)
  })

  it('the reason in the details wins over the status', async () => {
    const { code, message, details } = toGrpcStatus(new ParleyError('task_not_cancelable', 'It is over.'), {
      timestamp: '2026-01-01T00:00:00Z',
    })
    const metadata = new Metadata()
    metadata.set('grpc-status-details-bin', details)
    const answer = await send((_, reply) => reply({ code, details: message, metadata }))
    expect([answer.code, answer.error!.message]).toEqual(['task_not_cancelable', 'It is over.'])
  })

  it('gives up on one that is silent', async () => {
    expect((await send(() => {}, { headers: {}, timeoutMs: 100 })).code).toBe('upstream_timeout')
  })

  it('knows that nobody listens, or that it is no gRPC', async () => {
    await using opened = openLink({ url: 'http://127.0.0.1:9', protocolBinding: 'GRPC' })
    const error = await opened.link
      .call('SendMessage', sending('x'), OPTIONS)
      .catch((reason: unknown) => reason)
    expect((error as ParleyError).code).toBe('upstream_unavailable')
    expect((error as ParleyError).message).not.toMatch(/127\.0\.0\.1|ECONN/)
    const web = createServer((_, res) => res.end('<h1>hi</h1>'))
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
    await using other = openLink({ url, protocolBinding: 'GRPC' })
    expect(await codeOf(other.link.call('SendMessage', sending('x'), OPTIONS))).toMatch(/^upstream_/)
    web.close()
  })

  it('a page over HTTP/2 is no answer', async () => {
    const web = http2.createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end('<h1>hi</h1>')
    })
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
    await using opened = openLink({ url, protocolBinding: 'GRPC' })
    expect(await codeOf(opened.link.call('SendMessage', sending('x'), OPTIONS))).toMatch(/^upstream_/)
    web.close()
  })
})

describe('asking again over gRPC', () => {
  it('reads once more when the agent was away, and sends no message twice', async () => {
    let count = 0
    const flaky: OnCall = (call, answer) => {
      if (count++ === 0) return answer({ code: 14, details: 'away' })
      answer(null, call.getPath().endsWith('GetTask') ? encodeAnswer('GetTask', TASK) : ANSWER)
    }
    await using agent = await linkToGrpc({ onCall: flaky })
    expect(await agent.link.call('GetTask', { id: 't1' }, OPTIONS)).toEqual(TASK)
    expect(agent.calls).toHaveLength(2)
    count = 0
    expect(await codeOf(agent.link.call('SendMessage', sending('x'), OPTIONS))).toBe('upstream_unavailable')
    expect(agent.calls).toHaveLength(3)
  })
})

describe('R10: a gRPC stream that does not keep to the rules', () => {
  async function read(onStream: OnStream, limits = {}) {
    await using agent = await linkToGrpc({ onStream }, { limits })
    const stream = gather(agent.link, 'SendStreamingMessage', sending('go'))
    return { code: await codeOf(stream.over), events: stream.events, state: agent.link.health().state }
  }

  it('says so where an event cannot be read', async () => {
    const answer = await read((call) => {
      call.write(EVENT)
      call.write(Buffer.from('hello'))
      call.write(EVENT)
    })
    expect(answer).toEqual({
      code: 'upstream_invalid',
      events: [{ statusUpdate: WORKING }],
      state: 'failing',
    })
  })

  it('knows that it broke off', async () => {
    const answer = await read((call) => {
      call.write(EVENT)
      // The connection is cut below the library.
      setTimeout(
        () => (call as unknown as { call: { stream: http2.Http2Stream } }).call.stream.session!.destroy(),
        20,
      )
    })
    expect(answer.code).toBe('upstream_unavailable')
    expect(answer.events).toHaveLength(1)
  })

  it('gives up on one that falls silent', async () => {
    const answer = await read((call) => call.write(EVENT), { streamIdleMs: 100 })
    expect([answer.code, answer.events.length]).toEqual(['upstream_timeout', 1])
  })

  it('hears the error that ends it', async () => {
    const answer = await read((call) => {
      call.write(EVENT)
      setTimeout(() => call.emit('error', { code: 5, details: 'gone' }), 20)
    })
    expect([answer.code, answer.events.length, answer.state]).toEqual(['task_not_found', 1, 'ready'])
  })

  it('leaves with the reason of its caller, and tells the agent', async () => {
    let isCancelled = false
    await using agent = await linkToGrpc({
      onStream: (call) => {
        call.on('cancelled', () => (isCancelled = true))
        call.write(EVENT)
      },
    })
    const abort = new AbortController()
    const exchange = { ...OPTIONS, signal: abort.signal }
    const stream = gather(agent.link, 'SendStreamingMessage', sending('go'), { exchange })
    await expect.poll(() => stream.events.length).toBe(1)
    abort.abort(new Error('gone'))
    expect(await codeOf(stream.over)).toBe('gone')
    await expect.poll(() => isCancelled).toBe(true)
  })
})
