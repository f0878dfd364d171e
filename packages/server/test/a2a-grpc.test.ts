import { randomBytes } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { encodeRequest, fromGrpcStatus } from '../src/a2a/index.ts'
import { frameGrpcMessage } from '../src/http/index.ts'
import { grantsOf } from './granting-hub.ts'
import { callRawGrpc, openRawGrpc } from './raw-grpc.ts'
import { say, startAgentHub, type AgentHub } from './start-agent-hub.ts'
import { until } from './start-test-hub.ts'

async function open(options?: Parameters<typeof startAgentHub>[0]) {
  const opened = await startAgentHub(options)
  return { ...opened, address: await addressOf(opened) }
}

/** As the card tells it. */
async function addressOf({ url }: AgentHub): Promise<string> {
  const response = await fetch(`${url}/.well-known/agent-card.json`, { headers: { 'a2a-version': '1.0' } })
  const card = (await response.json()) as { supportedInterfaces: any[] }
  const found = card.supportedInterfaces.find(({ protocolBinding }) => protocolBinding === 'GRPC')
  expect(found).toMatchObject({ tenant: 'helper', protocolVersion: '1.0' })
  return found.url
}

/** The status of an answer, as a client reads it. */
function errorOf({ trailers }: { trailers: any }) {
  const details = trailers['grpc-status-details-bin']
  return {
    status: trailers['grpc-status'],
    ...(details && {
      code: fromGrpcStatus(Number(trailers['grpc-status']), '', Buffer.from(details, 'base64')).code,
    }),
  }
}

describe('§10: gRPC by hand', () => {
  let opened: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(() => opened[Symbol.asyncDispose]())

  const auth = () => ({ authorization: opened.hub.headers.Authorization })

  test('errors have their status, and say their kind in the trailer', async () => {
    using session = openRawGrpc(opened.address)
    const none = await callRawGrpc(session, 'GetTask', { request: { id: 'none' }, headers: auth() })
    expect(errorOf(none)).toEqual({ status: '5', code: 'task_not_found' })
    expect(none.headers[':status']).toBe(200)
    const version = await callRawGrpc(session, 'ListTasks', { headers: { ...auth(), 'a2a-version': '99.0' } })
    expect(errorOf(version)).toEqual({ status: '9', code: 'unsupported_version' })
    const legacy = await callRawGrpc(session, 'ListTasks', { headers: { ...auth(), 'a2a-version': '0.3' } })
    expect(errorOf(legacy)).toEqual({ status: '9', code: 'unsupported_version' })
    const silent = await callRawGrpc(session, 'ListTasks', { headers: { ...auth(), 'a2a-version': '' } })
    expect(errorOf(silent)).toEqual({ status: '9', code: 'unsupported_version' })
    const method = await callRawGrpc(session, 'ListTasks', { path: '/lf.a2a.v1.A2AService/Nothing' })
    expect(method.trailers['grpc-status']).toBe('12')
    const service = await callRawGrpc(session, 'ListTasks', { path: '/a2a.v1.A2AService/GetTask' })
    expect(service.trailers['grpc-status']).toBe('12')
    const media = await callRawGrpc(session, 'ListTasks', { headers: { 'content-type': 'application/json' } })
    expect(media.headers[':status']).toBe(415)
  })

  test('B2, B4: who is not known is told so before the message is looked at', async () => {
    using session = openRawGrpc(opened.address)
    for (const authorization of ['', 'Bearer wrong', 'Basic eDp5']) {
      const refused = await callRawGrpc(session, 'SendMessage', {
        // Nothing but a tenant: for others it would be invalid.
        body: frameGrpcMessage(encodeRequest('GetExtendedAgentCard', { tenant: 'helper' })),
        headers: authorization === '' ? {} : { authorization },
      })
      expect(refused.trailers['grpc-status']).toBeOneOf(['16', '3'])
      expect(refused.trailers['www-authenticate']).toContain('resource_metadata=')
    }
  })

  test('§8.3.2: the tenant is the agent, and there is none without', async () => {
    using session = openRawGrpc(opened.address)
    const mine = await callRawGrpc(session, 'ListTasks', { headers: auth() })
    expect(mine.trailers['grpc-status']).toBe('0')
    for (const [tenant, status] of [
      ['', '3'],
      ['../x', '3'],
      ['nobody', '5'],
    ] as const) {
      const refused = await callRawGrpc(session, 'ListTasks', { request: { tenant }, headers: auth() })
      expect([tenant, refused.trailers['grpc-status']]).toEqual([tenant, status])
    }
  })

  test('hostile frames are refused, and the connection goes on', async () => {
    using session = openRawGrpc(opened.address)
    const good = frameGrpcMessage(encodeRequest('ListTasks', { tenant: 'helper' }))
    const compressed = Buffer.from(good)
    compressed[0] = 1
    const long = Buffer.from(good)
    long.writeUInt32BE(1_100_000, 1)
    const early = good.subarray(0, good.length - 2)
    for (const [what, body, status] of [
      ['nothing', Buffer.alloc(0), '3'],
      ['half a prefix', good.subarray(0, 3), '3'],
      ['compressed', compressed, '12'],
      ['too long', long, '8'],
      ['cut', early, '3'],
      ['two', Buffer.concat([good, good]), '3'],
      ['noise', frameGrpcMessage(Buffer.from('ffffffffffffffffffff', 'hex')), '3'],
      ['a group', frameGrpcMessage(Buffer.from([0x0b])), '3'],
    ] as const) {
      const refused = await callRawGrpc(session, 'ListTasks', { body, headers: auth() })
      expect([what, refused.trailers['grpc-status']]).toEqual([what, status])
    }
    const large = await callRawGrpc(session, 'SendMessage', {
      request: say('echo ' + 'x'.repeat(1_100_000)),
      headers: auth(),
    })
    expect(large.trailers['grpc-status']).toBe('8')
    const after = await callRawGrpc(session, 'ListTasks', { headers: auth() })
    expect(after.trailers['grpc-status']).toBe('0')
  })

  test('a deadline ends the call at the client, and what was begun is kept', async () => {
    using session = openRawGrpc(opened.address)
    const late = await callRawGrpc(session, 'SendMessage', {
      request: say('slow 1500'),
      headers: { ...auth(), 'grpc-timeout': '300m' },
    })
    expect(late.trailers['grpc-status']).toBe('4')
    const wrong = await callRawGrpc(session, 'ListTasks', { headers: { ...auth(), 'grpc-timeout': 'soon' } })
    expect(wrong.trailers['grpc-status']).toBe('3')
  })

  test('a client that does not speak HTTP/2 learns nothing and is let go', async () => {
    const [host, port] = opened.address.split(':')
    const socket = connectTcp(Number(port), host)
    socket.on('error', () => undefined)
    socket.resume()
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await new Promise((resolve) => socket.once('close', resolve))
    using session = openRawGrpc(opened.address)
    expect((await callRawGrpc(session, 'ListTasks', { headers: auth() })).trailers['grpc-status']).toBe('0')
  })
})

test('G7: what runs ends when its credential does', async () => {
  const opened = await open()
  onTestFinished(() => opened[Symbol.asyncDispose]())
  const { grant, token } = grantsOf(opened.hub)
  const id = await grant(['skill:helper/*'], { audiences: { [opened.url]: ['a2a'] } })
  const headers = { authorization: `Bearer ${token(id, { aud: opened.url, scope: 'a2a' })}` }
  using session = openRawGrpc(opened.address)
  const standing = callRawGrpc(session, 'SendStreamingMessage', { request: say('wait'), headers })
  const waiting = callRawGrpc(session, 'SendMessage', { request: say('slow 5000'), headers })
  await until(() => opened.agent.executor.received.length === 2)
  await opened.hub.hub.grants.revoke(id, 'test')
  const cut = await Promise.all([standing, waiting])
  expect(cut.map(({ trailers }) => trailers['grpc-status'])).not.toContain('0')
  const after = await callRawGrpc(session, 'ListTasks', { headers })
  expect(after.trailers['grpc-status']).toBe('16')
})

test('a reader that does not read is cut, and its task goes on', async () => {
  const opened = await open({ yaml: 'limits:\n  streamBufferBytes: 65536\n' })
  onTestFinished(() => opened[Symbol.asyncDispose]())
  using session = openRawGrpc(opened.address)
  const stream = session.request({
    ':method': 'POST',
    ':path': '/lf.a2a.v1.A2AService/SendStreamingMessage',
    'content-type': 'application/grpc',
    te: 'trailers',
    'a2a-version': '1.0',
    authorization: opened.hub.headers.Authorization,
  })
  stream.on('error', () => undefined)
  const closed = new Promise((resolve) => stream.once('close', resolve))
  stream.pause()
  stream.end(
    frameGrpcMessage(encodeRequest('SendStreamingMessage', { tenant: 'helper', ...say('chunks 300 10000') })),
  )
  await until(async () => {
    const { result } = await opened.rpc('ListTasks', { status: 'TASK_STATE_COMPLETED' })
    return result.totalSize === 1
  })
  await closed
  expect(stream.rstCode).toBe(11)
  expect(stream.readableLength).toBeLessThan(1_000_000)
})

test('a reader that reads has all of a large stream', async () => {
  const opened = await open()
  onTestFinished(() => opened[Symbol.asyncDispose]())
  using session = openRawGrpc(opened.address)
  const headers = { authorization: opened.hub.headers.Authorization }
  const told = await callRawGrpc(session, 'SendStreamingMessage', {
    request: say('chunks 500 10000'),
    headers,
  })
  expect(told.trailers['grpc-status']).toBe('0')
  expect(told.messages.filter((event) => 'artifactUpdate' in event)).toHaveLength(500)
})

test('A20: noise on the port breaks nothing', async () => {
  const opened = await open()
  onTestFinished(() => opened[Symbol.asyncDispose]())
  const [host, port] = opened.address.split(':')
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  const settings = Buffer.from('000000040000000000', 'hex')
  await Promise.all(
    Array.from({ length: 60 }, async (_, at) => {
      const socket = connectTcp(Number(port), host)
      socket.on('error', () => undefined).resume()
      const noise = randomBytes(200 + at)
      socket.end(at % 3 === 0 ? noise : Buffer.concat([preface, ...(at % 3 === 1 ? [] : [settings]), noise]))
      await new Promise((resolve) => socket.once('close', resolve))
    }),
  )
  using session = openRawGrpc(opened.address)
  const headers = { authorization: opened.hub.headers.Authorization }
  expect((await callRawGrpc(session, 'ListTasks', { headers })).trailers['grpc-status']).toBe('0')
  expect(opened.hub.logs).toEqual([])
})

test('requests that do not come are ended, and so are connections that only ping', async () => {
  const opened = await open({ yaml: 'limits:\n  headerTimeoutMs: 500\n  bodyTimeoutMs: 500\n' })
  onTestFinished(() => opened[Symbol.asyncDispose]())
  using session = openRawGrpc(opened.address)
  const stream = session.request({
    ':method': 'POST',
    ':path': '/lf.a2a.v1.A2AService/ListTasks',
    'content-type': 'application/grpc',
  })
  stream.on('error', () => undefined)
  stream.write(Buffer.from([0, 0, 0, 0, 9, 1]))
  await new Promise((resolve) => stream.once('close', resolve))
  expect(stream.rstCode).not.toBe(0)
  expect(session.destroyed).toBe(false)
  const busy = openRawGrpc(opened.address)
  await new Promise((resolve) => busy.once('connect', resolve))
  const pinging = setInterval(() => busy.destroyed || busy.ping(() => undefined), 1)
  await until(() => busy.destroyed)
  clearInterval(pinging)
  const headers = { authorization: opened.hub.headers.Authorization }
  expect((await callRawGrpc(session, 'ListTasks', { headers })).trailers['grpc-status']).toBe('0')
})

test('idle connections are closed, and those over the limit of an address are not taken', async () => {
  const opened = await open({ yaml: 'limits:\n  keepAliveMs: 500\n  connectionsPerAddress: 4\n' })
  onTestFinished(() => opened[Symbol.asyncDispose]())
  const sessions = Array.from({ length: 8 }, () => openRawGrpc(opened.address))
  await until(() => sessions.filter(({ destroyed }) => destroyed).length >= 4)
  const left = sessions.find(({ destroyed }) => !destroyed)!
  const headers = { authorization: opened.hub.headers.Authorization }
  expect((await callRawGrpc(left, 'ListTasks', { headers })).trailers['grpc-status']).toBe('0')
  await until(() => sessions.every(({ destroyed }) => destroyed))
})

test('R15: a draining hub ends standing streams and answers what is under way', async () => {
  const opened = await open()
  onTestFinished(() => opened[Symbol.asyncDispose]())
  using session = openRawGrpc(opened.address)
  const headers = { authorization: opened.hub.headers.Authorization }
  const slow = callRawGrpc(session, 'SendMessage', { request: say('slow 800'), headers })
  const standing = callRawGrpc(session, 'SendStreamingMessage', { request: say('wait'), headers })
  await until(() => opened.agent.executor.received.length === 2)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(await opened.hub.hub.drain()).toBe(true)
  expect((await slow).messages[0].task.status.state).toBe('TASK_STATE_COMPLETED')
  expect((await standing).messages[0].task.id).toMatch(/^tsk_/)
})

test('streams of one caller are counted together, over HTTP and gRPC', async () => {
  const opened = await open({ yaml: 'limits:\n  streamsPerPrincipal: 1\n' })
  onTestFinished(() => opened[Symbol.asyncDispose]())
  using session = openRawGrpc(opened.address)
  const headers = { authorization: opened.hub.headers.Authorization }
  const { result } = await opened.rpc('SendMessage', {
    ...say('wait'),
    configuration: { returnImmediately: true },
  })
  const { id } = result.task
  let isOpen = false
  const first = opened.stream('SubscribeToTask', { id }, () => {
    isOpen = true
    return false
  })
  await until(() => isOpen)
  const second = await callRawGrpc(session, 'SubscribeToTask', { request: { id }, headers })
  expect(second.trailers).toMatchObject({ 'grpc-status': '8', 'retry-after': '5' })
  await opened.rpc('CancelTask', { id })
  await first
})
