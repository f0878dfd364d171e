import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { expect, test } from 'vitest'
import { startLegacyHttp } from '../../server/src/upstream/fixtures/legacy-server.ts'
import { startModernHttp } from '../../server/src/upstream/fixtures/modern-server.ts'
import { examine } from '../src/doctor/examine.ts'
import { SELF_SIGNED } from './fixtures/self-signed.ts'
import { runParley } from './run-parley.ts'

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const doctor = (url: string) => runParley(import.meta.dirname, 'doctor', url, '--json')

test('a server of SDK 2 is usable in the stateless era', async () => {
  const server = await startModernHttp()
  const { code, out } = await doctor(server.url)
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ ok: true, eras: ['2026-07-28'], transport: 'streamable-http' })
  await server.close()
})

test('a server of SDK 1 is usable in the session era, and its session is ended again', async () => {
  const methods: string[] = []
  const server = await startLegacyHttp({ onRequest: (method) => methods.push(method) })
  const { code, out } = await doctor(server.url)
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ ok: true, eras: ['2025-11-25'] })
  expect(methods.filter((method) => method === 'DELETE').length).toBeGreaterThan(0)
  await server.close()
})

test('HTTP where HTTPS is asked for, and the other way round, is recognized', async () => {
  const plain = createServer((_req, res) => void res.end())
  const port = await listen(plain)
  const found = await examine(new URL(`https://127.0.0.1:${port}/mcp`), {})
  expect(found.findings.at(-1)).toMatchObject({
    verdict: 'bad',
    mend: expect.stringContaining(`http://127.0.0.1:${port}/mcp`),
  })
  plain.close()
})

test('a certificate that nobody signed is named, and plain HTTP to it as well', async () => {
  const server = createTlsServer(SELF_SIGNED)
  const port = await listen(server)
  const tls = await examine(new URL(`https://localhost:${port}/mcp`), {})
  expect(tls).toMatchObject({ ok: false, transport: null })
  expect(tls.findings.at(-1)).toMatchObject({
    detail: expect.stringContaining('SELF_SIGNED'),
    mend: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
  })
  const plain = await examine(new URL(`http://localhost:${port}/mcp`), {})
  expect(plain.findings.at(-1)!.mend).toContain(`https://localhost:${port}/mcp`)
  server.close()
})
