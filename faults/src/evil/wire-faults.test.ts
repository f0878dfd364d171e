import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCanary } from '../kit/canary.ts'
import { begin, send, type Target } from '../kit/http.ts'
import { openFace, type Face } from '../kit/face.ts'
import { openStream } from '../kit/stream.ts'
import { exchangeRaw } from '../kit/raw-tcp.ts'
import type { EvilHttp } from './evil-http.ts'
import { startEvil } from './start-evil.ts'

describe('each fault of the wire is as scripted', () => {
  let evil: EvilHttp
  let target: Target
  let face: Face
  beforeAll(async () => {
    evil = await startEvil('2026-07-28')
    target = { port: evil.port, key: 'none' }
    face = await openFace(target, '2026-07-28', '/mcp')
  })
  afterAll(() => evil.close())

  it('resets before and within an answer', async () => {
    await expect(face.call('rst')).rejects.toThrow()
    await expect(face.call('rst_mid')).rejects.toThrow()
  })

  it('sends bodies that are no answer', async () => {
    expect((await face.call('garbage')).json).toBeUndefined()
    expect((await face.call('not_json')).text).toContain('<html>')
    expect((await face.call('wrong_id')).json?.['id']).toBe('somebody-else')
    expect((await face.call('no_id')).json).not.toHaveProperty('id')
    expect(Object.keys((await face.call('both')).json ?? {})).toEqual(
      expect.arrayContaining(['result', 'error']),
    )
    expect((await face.call('deep', { depth: 2000 })).text).toContain('['.repeat(2000))
    expect((await face.call('duplicate_keys')).text.match(/"result"/g)).toHaveLength(2)
  })

  it('drips, bombs and floods', async () => {
    expect((await face.call('drip', { intervalMs: 1 })).json).toHaveProperty('result')
    const bomb = await begin(target, face.build('tools/call', { name: 'gzip_bomb', arguments: {} }))
    const packed: Buffer[] = []
    for await (const chunk of bomb) packed.push(chunk as Buffer)
    expect(Buffer.concat(packed).length).toBeLessThan(200_000)
    expect(gunzipSync(Buffer.concat(packed)).length).toBe(100_000_000)
    const endless = await begin(target, face.build('tools/call', { name: 'endless_body', arguments: {} }))
    let size = 0
    for await (const chunk of endless) {
      size += (chunk as Buffer).length
      if (size > 20_000_000) break
    }
    expect(size).toBeGreaterThan(20_000_000)
    expect((await face.call('huge', { bytes: 3_000_000 })).text.length).toBeGreaterThan(3_000_000)
  })

  it('never ends its headers', async () => {
    const request = face.build('tools/call', { name: 'endless_headers', arguments: {} })
    const head = `POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(request.body ?? '')}\r\nMCP-Protocol-Version: 2026-07-28\r\n\r\n`
    const reply = await exchangeRaw(evil.port, head + String(request.body), 100)
    expect(reply.text.length).toBeGreaterThan(50_000)
    expect(reply.text).not.toContain('\r\n\r\n')
  })

  it('redirects to the canary, which counts whoever follows', async () => {
    const canary = await startCanary()
    const reply = await face.call('redirect', { to: `http://127.0.0.1:${canary.port}/`, status: 307 })
    expect(reply.status).toBe(307)
    expect(canary.connections).toBe(0)
    await send({ port: canary.port, key: 'secret' }, { path: '/' })
    expect(canary.connections).toBe(1)
    expect(canary.heard[0]).toContain('secret')
    await canary.close()
  })

  it('streams until the reader goes away', async () => {
    const stream = await openStream(
      target,
      face.build('tools/call', { name: 'stream', arguments: { events: 0, intervalMs: 1 } }),
    )
    await stream.next((message) => message['method'] === 'notifications/progress')
    stream.abort()
    await stream.ended
    const isCancelled = (): boolean =>
      evil.state.cancelled.some(({ name, via }) => name === 'stream' && via === 'closed')
    for (let tries = 0; tries < 500 && !isCancelled(); tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 10))
    expect(isCancelled()).toBe(true)
  })
})
