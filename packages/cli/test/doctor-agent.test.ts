import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { sampleCard, startCardHost, WELL_KNOWN } from '../../server/src/directory/test-kit.ts'
import { startSdkAgent } from '../../server/test/sdk-agent.ts'
import { startTestHub } from '../../server/test/start-test-hub.ts'
import { examineAgent, type AgentExamination } from '../src/doctor/agent/examine-agent.ts'
import { runParley } from './run-parley.ts'

const doctor = (...argv: string[]) => runParley(import.meta.dirname, 'doctor', ...argv)

/** A web server whose card and answers a test makes up. */
async function against(listener: (origin: string) => RequestListener): Promise<AgentExamination> {
  const server = createServer((req, res) => listener(origin)(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    return await examineAgent(new URL(origin), {})
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const worst = ({ findings }: AgentExamination) => findings.filter(({ verdict }) => verdict !== 'good')

test('an agent of the SDK can be asked, in every binding and version that its card names', async () => {
  await using agent = await startSdkAgent()
  const { code, out } = await doctor(agent.origin, '--json')
  const found = JSON.parse(out) as AgentExamination
  expect(code).toBe(0)
  expect(found).toMatchObject({ ok: true, agent: { name: 'SDK agent' } })
  expect(found.interfaces).toEqual(
    expect.arrayContaining(['JSONRPC 1.0', 'HTTP+JSON 1.0', 'GRPC 1.0', 'JSONRPC 0.3', 'HTTP+JSON 0.3']),
  )
  const grpc = new URL(agent.url('GRPC')).host
  expect(found.findings.map(({ mend }) => mend ?? '').join('\n')).toContain(`--allow-host ${grpc}`)
})

test('the card itself, its host and a path below it lead to the same agent', async () => {
  await using agent = await startSdkAgent({ bindings: ['JSONRPC'] })
  for (const url of [agent.cardUrl, `${agent.origin}/`, `${agent.origin}/jsonrpc`]) {
    const { code, out } = await doctor(url)
    expect([url, code]).toEqual([url, 0])
    expect(out).toContain('Parley can ask SDK agent')
  }
})

test('an MCP server is still looked at as one', async () => {
  await using hub = await startTestHub()
  const { out } = await doctor(`${hub.url}/mcp`, '--header', `Authorization: Bearer ${hub.key}`)
  expect(out).toContain('Parley can use this server')
})

test('no card: where it was looked for, and where it belongs', async () => {
  const found = await against(() => (_req, res) => void res.writeHead(404).end())
  expect(found).toMatchObject({ ok: false, findings: [{ step: 'card', verdict: 'bad' }] })
  expect(found.findings[0]!.mend).toContain('/.well-known/agent-card.json')
})

test('each fault of a card and its server is told with its remedy', async () => {
  const found = await against((origin) => (req, res) => {
    if (req.url !== WELL_KNOWN) return void res.writeHead(404).end()
    const card = sampleCard(`${origin}/a2a`, {
      securitySchemes: { key: { apiKeySecurityScheme: { location: 'query', name: 'key' } } },
      securityRequirements: [{ schemes: { missing: { list: [] } } }],
      signatures: [{ protected: 'e30', signature: 'AA' }],
      supportedInterfaces: [
        { url: `${origin}/a2a`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        { url: 'http://10.1.2.3/a2a', protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
        { url: `${origin}/soap`, protocolBinding: 'https://bindings.example/soap', protocolVersion: '1.0' },
      ],
    })
    res.setHeader('content-type', 'text/plain').end(JSON.stringify(card))
  })
  expect(found.ok).toBe(false)
  const told = worst(found).map(({ step, detail, mend }) => `${step}: ${detail} → ${mend ?? ''}`)
  for (const words of [
    /^content type: .*application\/json/,
    /^caching: there is no Cache-Control → Send Cache-Control/,
    /^validator: there is no ETag/,
    /^signature: .*kid/,
    /^security: securityRequirements names missing/,
    /^security: key is an API key in the query/,
    /^JSONRPC 1\.0: .*HTTP 404.*TaskNotFound/s,
    /^HTTP\+JSON 1\.0: .*another origin/,
    /^https:\/\/bindings.example\/soap 1\.0: not spoken/,
  ])
    expect(
      told.some((line) => words.test(line)),
      `${words}\n${told.join('\n')}`,
    ).toBe(true)
})

test('a card that is none is told by its fields', async () => {
  const found = await against((origin) => (_req, res) => {
    const card = { ...sampleCard(`${origin}/a2a`), skills: [{ id: 'x' }] }
    res.setHeader('content-type', 'application/json').end(JSON.stringify(card))
  })
  expect(found.ok).toBe(false)
  expect(
    worst(found)
      .map(({ detail }) => detail)
      .join('\n'),
  ).toMatch(/skills\[0\]\.name/)
})

test('an agent that wants a credential can be asked, with one', async () => {
  const found = await against((origin) => (req, res) => {
    if (req.url === WELL_KNOWN)
      return void res
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify(sampleCard(`${origin}/a2a`)))
    res.writeHead(401, { 'www-authenticate': 'Bearer realm="x"' }).end()
  })
  expect(found.ok).toBe(true)
  expect(
    worst(found)
      .map(({ detail }) => detail)
      .join('\n'),
  ).toContain('wants a credential (Bearer realm="x")')
})

test('an agent that takes any version is told so', async () => {
  const found = await against((origin) => (req, res) => {
    res.setHeader('content-type', 'application/json')
    if (req.method === 'GET') return void res.end(JSON.stringify(sampleCard(`${origin}/a2a`)))
    const error = { code: -32001, message: 'Task not found' }
    res.end(JSON.stringify({ jsonrpc: '2.0', id: 1, error }))
  })
  expect(found.ok).toBe(true)
  expect(
    worst(found)
      .map(({ detail }) => detail)
      .join('\n'),
  ).toContain('A2A-Version 99.0 is answered')
})

test('H6: a card of a public host does not make this machine ask itself', async () => {
  const canary = await startCardHost()
  const { checkInterface } = await import('../src/doctor/agent/check-interface.ts')
  const one = { url: `${canary.origin}/a2a`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }
  const found = await checkInterface(one, new URL('https://agent.example/card.json'), {})
  expect(found.works).toBe(false)
  expect(canary.seen).toEqual([])
  await canary.close()
})
