import { Server, ServerCredentials, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SELF_SIGNED } from '../../../../cli/test/fixtures/self-signed.ts'
import type { Allowance } from '../admit-target.ts'
import type { Egress } from '../create-egress.ts'
import { smallEgress, startCanary, type Canary } from '../test-kit.ts'
import type { GrpcOutlet } from './grpc-outlet.ts'

const HELLO = Buffer.from('hello')
const GZIP = 2
const asIs = (bytes: Buffer): Buffer => bytes
type Unary = ServerUnaryCall<Buffer, Buffer>
type Streaming = ServerWritableStream<Buffer, Buffer>

let canary: Canary
let egress: Egress
beforeEach(async () => {
  canary = await startCanary()
  egress = smallEgress({ discoveredPorts: [canary.port] })
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await egress.close()
  await canary.close()
})

/** A gRPC server of bytes: `/s/Call` and `/s/Stream`. */
async function startServer(
  onCall: (call: Unary, answer: (error: object | null, bytes?: Buffer) => void) => void,
  onStream: (call: Streaming) => void = (call) => call.end(),
  { credentials = ServerCredentials.createInsecure(), isGzip = false } = {},
) {
  const server = new Server(isGzip ? { 'grpc.default_compression_algorithm': GZIP } : {})
  const common = { requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs }
  const method = { ...common, responseDeserialize: asIs, requestStream: false }
  server.addService(
    {
      Call: { ...method, path: '/s/Call', responseStream: false },
      Stream: { ...method, path: '/s/Stream', responseStream: true },
    },
    { Call: onCall as never, Stream: onStream as never },
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  )
  return { port, url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => server.forceShutdown() }
}

function ask(outlet: GrpcOutlet, more: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<string> {
  return outlet.call({ path: '/s/Call', message: HELLO, metadata: {}, timeoutMs: 5000, ...more }).then(
    (bytes) => bytes.toString(),
    (error: { code?: unknown; message: string }) => String(error.code ?? error.message),
  )
}

/** What one call comes to, whether refused at the URL or at the connection. */
async function reach(url: string, allowance?: Allowance, by = egress): Promise<string> {
  try {
    const outlet = by.openGrpc({ purpose: 'agent', url, ...(allowance && { allowance }) })
    const answer = await ask(outlet)
    await outlet.destroy()
    return answer
  } catch (error) {
    return (error as { code: string }).code
  }
}

function open(url: string, by = egress): GrpcOutlet {
  return by.openGrpc({ purpose: 'agent', url, allowance: by.allow(url, 'agent:test') })
}

/** Everything a stream brings, and its end. */
function read(outlet: GrpcOutlet, limits: { timeoutMs?: number; idleTimeoutMs?: number } = {}) {
  const heard: string[] = []
  const over = Promise.withResolvers<string[]>()
  const end = (word: string) => over.resolve([...heard, word])
  const stream = outlet.stream(
    { path: '/s/Stream', message: HELLO, metadata: {}, timeoutMs: 5000, idleTimeoutMs: 5000, ...limits },
    {
      onMessage: (bytes) => void heard.push(bytes.toString()),
      onEnd: () => end('end'),
      onError: (error) => end(String((error as { code?: unknown }).code ?? error.message)),
    },
  )
  return { stream, heard, over: over.promise }
}

describe('E1: gRPC to addresses that are not global', () => {
  it.each([
    '127.0.0.1 127.1 0x7f.1 2130706433 0 localhost localhost. [::1] [::] [::ffff:127.0.0.1] [64:ff9b::7f00:1]',
    '10.0.0.1 100.64.0.1 172.16.0.1 192.168.0.1 169.254.169.254 [fd00:ec2::254] [fe80::1] 255.255.255.255',
  ])('refuses %s', async (hosts) => {
    for (const host of hosts.split(' ')) {
      expect(await reach(`http://${host}:${canary.port}`)).toBe('egress_refused')
      expect(await reach(`https://${host}:${canary.port}`)).toBe('egress_refused')
    }
    expect(canary.connections()).toBe(0)
  })

  it('refuses a name that leads there, whatever it is called', async () => {
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.1.2.3']) {
      const resolve = async () => [{ address, family: address.includes(':') ? 6 : 4 }]
      const guarded = smallEgress({ discoveredPorts: [canary.port], resolve })
      expect(await reach(`http://agent.example:${canary.port}`, undefined, guarded)).toBe('egress_refused')
      await guarded.close()
    }
    expect(canary.connections()).toBe(0)
  })

  it('admits a typed host and port, and no other', async () => {
    using server = await startServer((call, answer) => answer(null, call.request))
    const allowance = egress.allow(server.url, 'agent:test')
    expect(await reach(server.url, allowance)).toBe('hello')
    expect(await reach(`http://localhost:${server.port}`, allowance)).toBe('egress_refused')
    expect(await reach(`http://127.0.0.1:${canary.port}`, allowance)).toBe('egress_refused')
    expect(await reach(server.url)).toBe('egress_refused')
    expect(canary.connections()).toBe(0)
  })

  it('E6: refuses anything but http and https, and user info', async () => {
    for (const url of [`dns:127.0.0.1:${canary.port}`, `unix:/tmp/x`, `http://a:b@127.0.0.1:${canary.port}`])
      expect(await reach(url)).toBe('egress_refused')
    expect(canary.connections()).toBe(0)
  })

  it('cuts what is under way when the allowance is taken back', async () => {
    let open = 0
    using server = await startServer(
      (call) => (open++, call.on('cancelled', () => open--)),
      (call) => (open++, call.write(HELLO), call.on('cancelled', () => open--)),
    )
    const allowance = egress.allow(server.url, 'agent:test')
    const outlet = egress.openGrpc({ purpose: 'agent', url: server.url, allowance })
    const call = ask(outlet)
    const stream = read(outlet)
    await expect.poll(() => open).toBe(2)
    egress.disallow(allowance)
    expect(await call).toBe('upstream_unavailable')
    expect((await stream.over).at(-1)).toBe('upstream_unavailable')
    await expect.poll(() => open).toBe(0)
  })

  it('is refused once the allowance is taken back', async () => {
    using server = await startServer((call, answer) => answer(null, call.request))
    const allowance = egress.allow(server.url, 'agent:test')
    const outlet = egress.openGrpc({ purpose: 'agent', url: server.url, allowance })
    expect(await ask(outlet)).toBe('hello')
    egress.disallow(allowance)
    expect(await ask(outlet)).not.toBe('hello')
    expect(await reach(server.url, allowance)).toBe('egress_refused')
  })
})

it('E2: a name that changes its address between two looks gains nothing over gRPC, in 200 tries', async () => {
  let asked = 0
  const resolve = async () => [{ address: asked++ % 2 === 0 ? '192.0.2.1' : '127.0.0.1', family: 4 }]
  const guarded = smallEgress({ discoveredPorts: [canary.port], resolve })
  const outcomes = new Set<string>()
  for (let attempt = 0; attempt < 200; attempt++)
    outcomes.add(await reach(`http://rebind.example:${canary.port}`, undefined, guarded))
  expect([...outcomes]).toEqual(['egress_refused'])
  expect([canary.connections(), canary.bytes()]).toEqual([0, 0])
  await guarded.close()
})

it('E2: looks the name up again for each connection, and dials what it then is', async () => {
  const first = await startServer((_, answer) => answer(null, Buffer.from('first')))
  let address = '127.0.0.1'
  const guarded = smallEgress({ resolve: async () => [{ address, family: 4 }] })
  const outlet = open(`http://agent.example:${first.port}`, guarded)
  expect(await ask(outlet)).toBe('first')
  first[Symbol.dispose]()
  address = '169.254.169.254'
  await expect.poll(() => ask(outlet)).toBe('egress_refused')
  await guarded.close()
})

it('E5: says the same of a refused address, whatever stands behind it', async () => {
  const closed = await startCanary()
  await closed.close()
  const guarded = smallEgress({ discoveredPorts: [canary.port, closed.port] })
  const messages = new Set<string>()
  for (const url of [canary.port, closed.port].flatMap((port) => [
    `http://127.0.0.1:${port}`,
    `http://10.0.0.1:${port}`,
  ])) {
    const outlet = guarded.openGrpc({ purpose: 'agent', url })
    const call = outlet.call({ path: '/s/Call', message: HELLO, metadata: {}, timeoutMs: 1000 })
    messages.add(await call.then(String, (error: Error) => error.message))
  }
  expect([...messages]).toEqual(['Parley does not connect to this address.'])
  await guarded.close()
})

it('E7: refuses the hub itself, even where somebody typed it', async () => {
  const ownListeners = () => [{ address: '127.0.0.1', port: canary.port }]
  const guarded = smallEgress({ ownListeners })
  const url = `http://127.0.0.1:${canary.port}`
  expect(await reach(url, guarded.allow(url, 'agent:test'), guarded)).toBe('egress_refused')
  expect(canary.connections()).toBe(0)
  await guarded.close()
})

it('E3: follows no redirect', async () => {
  const server = http2.createServer((_, response) => {
    response.writeHead(307, { location: `http://127.0.0.1:${canary.port}/` }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  expect(await ask(open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))).not.toBe('hello')
  expect(canary.connections()).toBe(0)
  server.close()
})

it('takes no proxy from the environment', async () => {
  for (const name of ['grpc_proxy', 'http_proxy', 'https_proxy', 'GRPC_PROXY'])
    vi.stubEnv(name, `http://127.0.0.1:${canary.port}`)
  using server = await startServer((call, answer) => answer(null, call.request))
  expect(await ask(open(server.url))).toBe('hello')
  expect(canary.connections()).toBe(0)
})

describe('E4: gRPC within limits', () => {
  it('takes no message that is larger than an answer may be', async () => {
    using server = await startServer(
      (_, answer) => answer(null, Buffer.alloc(1_200_000)),
      (call) => call.write(Buffer.alloc(1_200_000)),
    )
    const outlet = open(server.url)
    expect(await ask(outlet)).toBe('8')
    expect(await read(outlet).over).toEqual(['8'])
  })

  it('nor one that is larger once it is unpacked', async () => {
    const bomb = Buffer.alloc(20 * 1024 * 1024)
    using server = await startServer((_, answer) => answer(null, bomb), undefined, { isGzip: true })
    const outlet = open(server.url)
    expect(await ask(outlet)).toBe('8')
  })

  it('ends what takes too long, and waits no longer for those who have gone', async () => {
    using server = await startServer(
      () => {},
      (call) => call.write(HELLO),
    )
    const outlet = open(server.url)
    expect(await ask(outlet, { timeoutMs: 50 })).toBe('4')
    expect(await ask(outlet, { signal: AbortSignal.abort(new Error('gone')) })).toBe('gone')
    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error('left')), 20)
    expect(await ask(outlet, { signal: abort.signal })).toBe('left')
    expect(await read(outlet, { idleTimeoutMs: 50 }).over).toEqual(['hello', 'upstream_timeout'])
  })

  it('gives up on a server that accepts and says nothing', async () => {
    expect(await ask(open(`http://127.0.0.1:${canary.port}`))).toBe('upstream_timeout')
    expect(canary.connections()).toBe(1)
  })

  it('says at once that nobody listens', async () => {
    const server = await startServer(() => {})
    server[Symbol.dispose]()
    const begun = performance.now()
    const outlet = open(server.url)
    expect(await ask(outlet)).toBe('upstream_unavailable')
    expect(await read(outlet).over).toEqual(['upstream_unavailable'])
    expect(performance.now() - begun).toBeLessThan(2000)
  })
})

it('tries the next address of a name where nobody listens at the first', async () => {
  using server = await startServer((call, answer) => answer(null, Buffer.from(call.getHost())))
  const resolve = async () => [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ]
  const guarded = smallEgress({ resolve })
  // The authority is the name, not the address that was dialled.
  expect(await ask(open(`http://agent.example:${server.port}`, guarded))).toBe(`agent.example:${server.port}`)
  await guarded.close()
})

it('streams, and stops reading while its reader cannot keep up', async () => {
  using server = await startServer(
    () => {},
    (call) => {
      for (let at = 0; at < 5; at++) call.write(Buffer.from(String(at)))
      call.end()
    },
  )
  const outlet = open(server.url)
  expect(await read(outlet).over).toEqual(['0', '1', '2', '3', '4', 'end'])
  const slow = read(outlet)
  slow.stream.pause()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(slow.heard).toEqual([])
  slow.stream.resume()
  expect(await slow.over).toEqual(['0', '1', '2', '3', '4', 'end'])
})

describe('gRPC over TLS', () => {
  const credentials = ServerCredentials.createSsl(null, [
    { private_key: Buffer.from(SELF_SIGNED.key), cert_chain: Buffer.from(SELF_SIGNED.cert) },
  ])
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }]

  it.each([
    ['that is trusted and has the name', 'localhost', SELF_SIGNED.cert, 'hello'],
    ['that nobody it trusts has signed', 'localhost', undefined, 'upstream_unavailable'],
    ['of another name', 'example.com', SELF_SIGNED.cert, 'upstream_unavailable'],
  ])('to a server with a certificate %s', async (_, host, ca, outcome) => {
    let calls = 0
    using server = await startServer((call, answer) => (calls++, answer(null, call.request)), undefined, {
      credentials,
    })
    const guarded = smallEgress({ resolve, ca })
    expect(await ask(open(`https://${host}:${server.port}`, guarded))).toBe(outcome)
    expect(calls).toBe(outcome === 'hello' ? 1 : 0)
    await guarded.close()
  })
})

it('tells the status and the details that the server gave', async () => {
  const error = { code: 5, details: 'no such task' }
  using server = await startServer(
    (_, answer) => answer(error),
    (call) => call.emit('error', error),
  )
  const outlet = open(server.url)
  expect(await ask(outlet)).toBe('5')
  expect(await read(outlet).over).toEqual(['5'])
})
