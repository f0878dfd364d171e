import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Egress } from './create-egress.ts'
import { outcome, smallEgress, startCanary } from './test-kit.ts'
import type { Canary } from './test-kit.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
let canary: Canary
let egress: Egress

beforeEach(async () => {
  canary = await startCanary((socket) => socket.end(OK))
  // The canary's port is open to discovered URLs, so that only the judgement of addresses protects it.
  egress = smallEgress({ discoveredPorts: [canary.port] })
})
afterEach(async () => {
  await egress.close()
  await canary.close()
})

/** What one GET comes to, whether refused at the URL or at the connection. */
async function reach(
  url: string,
  allowance?: ReturnType<Egress['allow']>,
  by: Egress = egress,
): Promise<string> {
  try {
    const outlet = by.open({ purpose: 'upstream', url, ...(allowance ? { allowance } : {}) })
    const result = await outcome(outlet.request({ method: 'GET', path: '/' }))
    await outlet.destroy()
    return result
  } catch (error) {
    return (error as { code: string }).code
  }
}

const SPELLINGS = [
  '127.0.0.1 127.1 0x7f.1 0x7f000001 2130706433 017700000001 0177.0.0.1 127.0.0.1. 0 0.0.0.0 127.000.000.001',
  '127.255.255.254 %31%32%37.0.0.1 ①②⑦.⓪.⓪.① 127。0。0。1 localhost localhost. LOCALHOST',
  '[::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [::ffff:0:7f00:1]',
  '[64:ff9b::7f00:1] [64:ff9b:1::7f00:1] [2002:7f00:1::] [fe80::1] [fd00:ec2::254] [fec0::1] [2001::1]',
  '10.0.0.1 100.64.0.1 172.16.0.1 192.168.0.1 198.18.0.1 169.254.169.254 224.0.0.1 255.255.255.255',
].flatMap((line) => line.split(' '))

describe('E1: addresses that are not global', () => {
  it.each(SPELLINGS)('refuses http://%s', async (host) => {
    expect(await reach(`http://${host}:${canary.port}/`)).toBe('egress_refused')
    expect(await reach(`https://${host}:${canary.port}/`)).toBe('egress_refused')
    expect(canary.connections()).toBe(0)
  })

  it('refuses names that lead to such addresses, and follows the rest of a mixed answer only', async () => {
    for (const address of [
      '127.0.0.1',
      '::1',
      '::ffff:127.0.0.1',
      '64:ff9b::7f00:1',
      '::7f00:1',
      '10.1.2.3',
    ]) {
      const resolve = async () => [{ address, family: address.includes(':') ? 6 : 4 }]
      const guarded = smallEgress({ discoveredPorts: [canary.port], resolve })
      expect(await reach(`http://xn--e1afmkfd.example:${canary.port}/`, undefined, guarded)).toBe(
        'egress_refused',
      )
      await guarded.close()
    }
    expect(canary.connections()).toBe(0)
  })

  it('admits a typed host and port, and no other port, host or spelling of it', async () => {
    const other = await startCanary((socket) => socket.end(OK))
    const allowance = egress.allow(`http://127.0.0.1:${other.port}/mcp`, 'server:test')
    expect(await reach(`http://127.0.0.1:${other.port}/`, allowance)).toBe('status 200')
    expect(await reach(`http://127.1:${other.port}/`, allowance)).toBe('status 200')
    for (const host of ['localhost', '127.0.0.2', '[::ffff:127.0.0.1]', '0.0.0.0']) {
      expect(await reach(`http://${host}:${other.port}/`, allowance)).toBe('egress_refused')
    }
    expect(await reach(`http://127.0.0.1:${canary.port}/`, allowance)).toBe('egress_refused')
    expect(await reach(`http://127.0.0.1:${canary.port}/`)).toBe('egress_refused')
    expect(canary.connections()).toBe(0)
    expect(other.connections()).toBe(2)
    await other.close()
  })

  it('an allowance gives nothing to whoever does not hold it', async () => {
    egress.allow(`http://127.0.0.1:${canary.port}/`, 'server:test')
    const forged = { host: '127.0.0.1', port: canary.port, reason: 'forged' }
    expect(await reach(`http://127.0.0.1:${canary.port}/`)).toBe('egress_refused')
    expect(await reach(`http://127.0.0.1:${canary.port}/`, forged)).toBe('egress_refused')
    expect(canary.connections()).toBe(0)
  })

  it('cuts and refuses once the allowance is taken back', async () => {
    const allowance = egress.allow(`http://localhost:${canary.port}/`, 'server:test')
    const outlet = egress.open({ purpose: 'upstream', url: `http://localhost:${canary.port}/`, allowance })
    expect(await outcome(outlet.request({ method: 'GET', path: '/' }))).toBe('status 200')
    egress.disallow(allowance)
    expect(await outcome(outlet.request({ method: 'GET', path: '/' }))).not.toMatch(/status/)
    expect(await reach(`http://localhost:${canary.port}/`, allowance)).toBe('egress_refused')
    expect(canary.connections()).toBe(1)
  })
})

it('E2: a name that changes its address between two looks gains nothing, in 200 tries', async () => {
  let asked = 0
  const resolve = async () => {
    const address = asked++ % 2 === 0 ? '192.0.2.1' : '127.0.0.1'
    return [{ address, family: 4 }]
  }
  const guarded = smallEgress({ discoveredPorts: [canary.port], resolve })
  const outcomes = new Set<string>()
  for (let attempt = 0; attempt < 200; attempt++) {
    outcomes.add(await reach(`http://rebind.example:${canary.port}/`, undefined, guarded))
  }
  expect([...outcomes]).toEqual(['egress_refused'])
  expect(asked).toBe(200)
  expect([canary.connections(), canary.bytes()]).toEqual([0, 0])
  await guarded.close()
})

it('E3: hands a redirect back instead of following it', async () => {
  const server = createServer((request, response) => {
    response.writeHead(Number(request.url?.slice(1)), { location: `http://127.0.0.1:${canary.port}/` }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const outlet = egress.open({ purpose: 'probe', url, allowance: egress.allow(url, 'server:test') })
  for (const status of [301, 302, 303, 307, 308]) {
    const request = {
      method: 'POST',
      path: `/${status}`,
      body: '{}',
      headers: { authorization: 'Bearer x' },
    } as const
    expect(await outcome(outlet.request(request))).toBe(`status ${status}`)
  }
  expect(canary.connections()).toBe(0)
  await outlet.close()
  server.close()
})

it('E5: a refused target answers alike whether its port is open, closed or filtered', async () => {
  const closed = await startCanary()
  await closed.close()
  const guarded = smallEgress({ discoveredPorts: [canary.port, closed.port] })
  const answers = new Set<string>()
  for (const url of [
    `http://127.0.0.1:${canary.port}/`,
    `http://127.0.0.1:${closed.port}/`,
    `http://10.255.255.1:${closed.port}/`,
    `http://localhost:${closed.port}/`,
    `http://does-not-exist.invalid:${closed.port}/`,
  ]) {
    const outlet = guarded.open({ purpose: 'upstream', url })
    const error = await outlet.request({ method: 'GET', path: '/' }).catch((reason: unknown) => reason)
    answers.add(JSON.stringify([(error as { code: string }).code, (error as Error).message]))
  }
  expect(answers.size).toBe(1)
  expect(canary.connections()).toBe(0)
  await guarded.close()
})

it.each([
  'file:///etc/passwd',
  'ftp://example.com/',
  'data:text/plain,x',
  'unix:/run/docker.sock',
  'ws://example.com/',
  'javascript:1',
  'http+unix://%2Frun%2Fdocker.sock/',
  'http://user:password@example.com/',
  'http://user@example.com/',
  'http://example.com:22/',
  'http://example.com:5432/',
  'http://',
  '//example.com/',
  'example.com',
  '',
])('E6: refuses %j', (url) => {
  expect(() => smallEgress().open({ purpose: 'upstream', url })).toThrow(/does not connect/)
})

describe('E7: what no allowance admits', () => {
  const listeners = (address: string) => smallEgress({ ownListeners: () => [{ address, port: canary.port }] })

  it.each(['127.0.0.1', '0.0.0.0', '::', '::1'])('the hub itself, listening on %s', async (address) => {
    const guarded = listeners(address)
    for (const host of ['127.0.0.1', 'localhost', '127.1', '[::1]', '[::ffff:7f00:1]', '127.0.0.2']) {
      const url = `http://${host}:${canary.port}/mcp`
      expect(await reach(url, guarded.allow(url, 'server:loop'), guarded)).toBe('egress_refused')
    }
    expect(canary.connections()).toBe(0)
    await guarded.close()
  })

  it('but another port of the same machine is reached', async () => {
    const guarded = smallEgress({ ownListeners: () => [{ address: '127.0.0.1', port: canary.port + 1 }] })
    const url = `http://127.0.0.1:${canary.port}/mcp`
    expect(await reach(url, guarded.allow(url, 'server:near'), guarded)).toBe('status 200')
    await guarded.close()
  })

  it.each([
    '169.254.169.254',
    '[fd00:ec2::254]',
    '100.100.100.200',
    '168.63.129.16',
    '[fe80::1]',
    '0.0.0.0',
    '[::]',
  ])('the metadata or special address %s', async (host) => {
    const url = `http://${host}:${canary.port}/`
    expect(await reach(url, egress.allow(url, 'server:metadata'))).toBe('egress_refused')
    expect(canary.connections()).toBe(0)
  })

  it('a typed name that leads to a metadata address', async () => {
    const guarded = smallEgress({ resolve: async () => [{ address: '169.254.169.254', family: 4 }] })
    const url = 'http://metadata.example/'
    expect(await reach(url, guarded.allow(url, 'server:metadata'), guarded)).toBe('egress_refused')
    await guarded.close()
  })
})
