import { afterEach, describe, expect, it } from 'vitest'
import { exchange, startListener, statusOf } from './test-kit.ts'
import type { Rig, RigOptions } from './test-kit.ts'

let rig: Rig
let reached = 0

async function start(listen: RigOptions['listen'] = {}): Promise<void> {
  reached = 0
  const handler = (_: unknown, response: { end(text: string): unknown }) => (
    reached++,
    response.end('reached')
  )
  rig = await startListener({ listen, handlers: { mcp: handler, api: handler } })
}
afterEach(() => rig.listener.destroy())

function ask(host: string, origin?: string, line = 'POST /mcp'): Promise<string> {
  const headers = [
    `Host: ${host}`,
    ...(origin === undefined ? [] : [`Origin: ${origin}`]),
    'Connection: close',
  ]
  return exchange(rig.port, `${line} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
}

describe('P3: Host', () => {
  it('accepts the hub under each of its own names', async () => {
    await start()
    for (const name of ['localhost', 'LocalHost', '127.0.0.1', '[::1]']) {
      expect(statusOf(await ask(`${name}:${rig.port}`))).toBe(200)
    }
    expect(reached).toBe(4)
  })

  it('refuses every other', async () => {
    await start()
    const { port } = rig
    const hosts = `evil.example|localhost|localhost:1|localhost.evil.example:${port}|evil.example:${port}|localhost:${port}/x?|\
localhost:${port}@evil.example|a@localhost:${port}|localhost:${port}:${port}|localhost.:${port}|127.1:${port}|\
0.0.0.0:${port}|[::ffff:127.0.0.1]:${port}|localhost: ${port}||localhost:0${port}|localhost:${port},evil.example|*:${port}|\xe9`
    for (const host of hosts.split('|')) {
      const answer = await ask(host)
      expect([host, statusOf(answer)]).toEqual([host, 421])
      expect(answer).toContain('{"jsonrpc":"2.0","error":{"code":4721')
      expect(answer).not.toContain('"id"')
    }
    expect(reached).toBe(0)
  })

  it('knows its public URL and what is configured, and takes no word of forwarding headers', async () => {
    await start({ publicUrl: 'https://parley.example.com', allowedHosts: ['hub.internal:8080'] })
    for (const host of ['parley.example.com', 'parley.example.com:443', 'Hub.Internal:8080']) {
      expect(statusOf(await ask(host))).toBe(200)
    }
    for (const host of ['parley.example.com:80', 'hub.internal', 'parley.example.com.evil.example']) {
      expect(statusOf(await ask(host))).toBe(421)
    }
    const forwarded = `GET /mcp HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: parley.example.com\r\nForwarded: host=parley.example.com\r\n\r\n`
    expect(statusOf(await exchange(rig.port, forwarded))).toBe(421)
    expect(reached).toBe(3)
  })

  it('tells problem details outside the MCP endpoints', async () => {
    await start()
    const answer = await ask('evil.example', undefined, 'GET /api/status')
    expect(answer).toContain('application/problem+json')
    expect(answer).toContain('"code":"host_refused"')
    expect(answer).toContain('x-content-type-options: nosniff')
  })
})

describe('P3: Origin', () => {
  it('accepts none and its own', async () => {
    await start()
    const host = `localhost:${rig.port}`
    for (const origin of [undefined, `http://localhost:${rig.port}`, `http://127.0.0.1:${rig.port}`]) {
      expect(statusOf(await ask(host, origin))).toBe(200)
    }
    expect(reached).toBe(3)
  })

  it('refuses every other, whatever the Host, and the next request is judged anew', async () => {
    await start()
    const host = `localhost:${rig.port}`
    const own = `http://localhost:${rig.port}`
    const origins = `null|https://evil.example|http://localhost|https://localhost:${rig.port}|http://localhost:1||${own}/|\
${own}.evil.example|file://|chrome-extension://x`
    for (const origin of origins.split('|')) {
      expect(statusOf(await ask(host, `http://localhost:${rig.port}`))).toBe(200)
      expect([origin, statusOf(await ask(host, origin))]).toEqual([origin, 403])
      expect(statusOf(await ask('evil.example', `http://localhost:${rig.port}`))).toBe(421)
    }
    expect(reached).toBe(10)
  })

  it('takes the word of the browser for a form of a page that sends no referrer, and not on the MCP endpoints', async () => {
    await start()
    const host = `localhost:${rig.port}`
    const nullFrom = (site: string) => `null\r\nSec-Fetch-Site: ${site}`
    expect(statusOf(await ask(host, nullFrom('same-origin'), 'POST /api'))).toBe(200)
    for (const site of ['cross-site', 'same-site', 'none'])
      expect(statusOf(await ask(host, nullFrom(site), 'POST /api'))).toBe(403)
    expect(statusOf(await ask(host, nullFrom('same-origin')))).toBe(403)
    expect(
      statusOf(await ask(host, 'https://evil.example\r\nSec-Fetch-Site: same-origin', 'POST /api')),
    ).toBe(403)
    expect(reached).toBe(1)
  })

  it('lets pages of a configured origin call and read, and only them', async () => {
    await start({ allowedOrigins: ['https://app.example.com'] })
    const host = `localhost:${rig.port}`
    const answer = await ask(host, 'https://app.example.com')
    expect(answer).toContain('access-control-allow-origin: https://app.example.com')
    expect(answer).not.toContain('access-control-allow-credentials')
    const preflight = await ask(host, 'https://app.example.com', 'OPTIONS /mcp')
    expect(statusOf(preflight)).toBe(204)
    expect(preflight).toMatch(/access-control-allow-headers: .*mcp-session-id/)
    expect(reached).toBe(1)
    for (const line of ['POST /mcp', 'OPTIONS /mcp']) {
      const other = await ask(host, 'https://evil.example', line)
      expect(statusOf(other)).toBe(403)
      expect(other).not.toContain('access-control')
    }
    expect(reached).toBe(1)
  })
})

describe('addresses', () => {
  it('answers probes under any Host, and nothing else', async () => {
    await start()
    expect(await ask('10.0.0.7:4747', undefined, 'GET /healthz')).toMatch(/200 OK[\s\S]*ok\n$/)
    expect(statusOf(await ask('10.0.0.7:4747', undefined, 'GET /readyz'))).toBe(200)
    expect(statusOf(await ask('10.0.0.7:4747', undefined, 'GET /healthz/x'))).toBe(421)
  })

  it('answers what it does not know with problem details', async () => {
    await start()
    for (const path of ['/', '/nothing', '/mcpx', '/MCP', '/.well-known/x', '/constructor', '/__proto__']) {
      const answer = await ask(`localhost:${rig.port}`, undefined, `GET ${path}`)
      expect([path, statusOf(answer)]).toEqual([path, 404])
      expect(answer).toContain('application/problem+json')
    }
    expect(reached).toBe(0)
  })
})
