import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TEST_AUTHORITY, TEST_HOST } from '../src/lib/fixtures/test-authority.ts'
import { modernRequest } from './scripted-upstream.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

/** Debian keeps it out of an ordinary user's PATH. */
const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx'].find(
  (file) => existsSync(file),
)
const PAGE = join(import.meta.dirname, '../../../docs/reverse-proxy.md')

let hub: TestHub
let stop: () => Promise<void>
let port: number

/** The configuration of the page, word for word but for its addresses and files. */
function configuration(directory: string, hubPort: number): string {
  const written = /```nginx\n([\s\S]*?)```/.exec(readFileSync(PAGE, 'utf8'))![1]!
  const server = [
    ['127.0.0.1:4747', `127.0.0.1:${hubPort}`],
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['server_name parley.example.com', 'server_name localhost'],
    ['/etc/ssl/parley.pem', `${directory}/host.pem`],
    ['/etc/ssl/parley.key', `${directory}/host.key`],
  ].reduce((text, [from, to]) => {
    if (!text.includes(from!)) throw new Error(`the page has no ${from}`)
    return text.replaceAll(from!, to!)
  }, written)
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${directory}/${name};`)
    .join(' ')
  return `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr notice;
    events {} http { access_log off; ${paths}\n${server}}`
}

async function startNginx(hubPort: number): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-nginx-'))
  writeFileSync(join(directory, 'host.pem'), TEST_HOST.cert)
  writeFileSync(join(directory, 'host.key'), TEST_HOST.key, { mode: 0o600 })
  const file = join(directory, 'nginx.conf')
  writeFileSync(file, configuration(directory, hubPort))
  const child = spawn(NGINX!, ['-c', file, '-p', directory, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  for await (const chunk of child.stderr) {
    said += String(chunk)
    if (/start worker process \d+/.test(said)) break
  }
  if (child.exitCode !== null) throw new Error(said)
  return async () => {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
    rmSync(directory, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const found = (server.address() as AddressInfo).port
  await new Promise((resolve) => server.close(resolve))
  return found
}

async function send(
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
): Promise<IncomingMessage> {
  const sent = request({ host: 'localhost', port, path, method, headers, ca: TEST_AUTHORITY, agent: false })
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}

async function textOf(response: IncomingMessage): Promise<string> {
  return (await response.toArray()).join('')
}

describe.skipIf(NGINX === undefined)('behind nginx as docs/reverse-proxy.md has it', () => {
  beforeAll(async () => {
    port = await freePort()
    const hubPort = await freePort()
    const settings = {
      listen: { publicUrl: `https://localhost:${port}`, trustedProxy: true },
      limits: { heartbeatMs: 100, tokenFailuresPerMinute: 25 },
    }
    hub = await startTestHub(JSON.stringify(settings), { port: hubPort })
    stop = await startNginx(hubPort)
  })
  afterAll(async () => {
    await stop?.()
    await hub?.[Symbol.asyncDispose]()
  })

  test('AS9: the issuer is the public origin, and cookies are for https alone', async () => {
    const metadata = await send('GET', '/.well-known/oauth-authorization-server')
    expect(JSON.parse(await textOf(metadata)).issuer).toBe(`https://localhost:${port}`)
    const page = await send('GET', '/login')
    expect(page.statusCode).toBe(200)
    for (const cookie of page.headers['set-cookie']!) expect(cookie).toMatch(/^__Host-.*; Secure/)
    const refused = await send('POST', '/mcp')
    expect(refused.statusCode).toBe(401)
    expect(refused.headers['www-authenticate']).toContain(`https://localhost:${port}/.well-known/`)
  })

  test('D7: an event stream arrives part by part, and is kept alive', async () => {
    const call = modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } })
    const response = await send('POST', '/mcp', {
      headers: {
        ...hub.headers,
        ...(call.headers as Record<string, string>),
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
      },
      body: JSON.stringify(call.body),
    })
    expect(response.headers['content-type']).toContain('text/event-stream')
    let text = ''
    let parts = 0
    for await (const chunk of response) {
      text += String(chunk)
      parts += 1
      if (text.split(': \n').length > 4) break
    }
    expect(text).toContain('notifications/subscriptions/acknowledged')
    expect(parts).toBeGreaterThan(2)
  })

  test('A17: a client cannot choose the address that limits count', async () => {
    const statuses: (number | undefined)[] = []
    for (let at = 0; at < 8; at++) {
      const response = await send('POST', '/oauth/token', {
        headers: {
          'x-forwarded-for': `203.0.113.${at}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: 'grant_type=client_credentials&client_id=guess&client_secret=x',
      })
      statuses.push(response.statusCode)
      response.resume()
    }
    expect(statuses.at(-1)).toBe(429)
  })
})
