import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import {
  createServer as createTlsServer,
  getCACertificates,
  setDefaultCACertificates,
  type Server,
} from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { SELF_SIGNED } from '../../../../cli/test/fixtures/self-signed.ts'
import { smallEgress } from '../test-kit.ts'

const stack: (() => unknown)[] = []
afterEach(async () => {
  for (const end of stack.splice(0).reverse()) await end()
})

/** Trusts the test's certificate in this process until the test is over. */
function trustOurs(): void {
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, SELF_SIGNED.cert])
  stack.push(() => setDefaultCACertificates(before))
}

async function callerOf(server: Server, host = 'localhost') {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stack.push(() => new Promise((resolve) => server.close(resolve)))
  const url = `https://${host}:${(server.address() as AddressInfo).port}`
  const egress = smallEgress({ resolve: async () => [{ address: '127.0.0.1', family: 4 }] })
  stack.push(() => egress.close())
  const outlet = egress.open({ purpose: 'upstream', url, allowance: egress.allow(url, 'test') })
  const send = outlet.lane.endpoint({ path: '/', head: '', headersTimeoutMs: 5000, idleTimeoutMs: 5000 })
  return (body: Buffer) =>
    new Promise<string>((resolve) => {
      const chunks: Buffer[] = []
      send('', body, {
        onHead() {},
        onData: (chunk) => chunks.push(chunk),
        onEnd: () => resolve(Buffer.concat(chunks).toString()),
        onError: (error) => resolve(error.code),
      })
    })
}

describe('the lane’s client over TLS', () => {
  it('speaks HTTP/1.1 over one kept connection, small and large', async () => {
    trustOurs()
    let connections = 0
    const protocols = new Set<unknown>()
    const server = createHttpsServer({ ...SELF_SIGNED, ALPNProtocols: ['h2', 'http/1.1'] }, (req, res) =>
      req.pipe(res),
    )
    server.on('secureConnection', (socket) => {
      connections++
      protocols.add(socket.alpnProtocol)
    })
    const call = await callerOf(server)
    for (const text of ['small', 'ü'.repeat(200_000), 'again'])
      expect(await call(Buffer.from(text))).toBe(text)
    expect([connections, ...protocols]).toEqual([1, 'http/1.1'])
  })

  it.each([
    ['that nobody it trusts has signed', 'localhost', false],
    ['of another name', 'example.com', true],
  ])('sends nothing to a server with a certificate %s', async (_, host, isTrusted) => {
    if (isTrusted) trustOurs()
    let bytes = 0
    const server = createTlsServer(SELF_SIGNED, (socket) => {
      socket.on('error', () => socket.destroy())
      socket.on('data', (chunk) => (bytes += chunk.length))
    })
    const call = await callerOf(server, host)
    expect(await call(Buffer.from('secret'))).toBe('upstream_unavailable')
    expect(bytes).toBe(0)
  })
})
