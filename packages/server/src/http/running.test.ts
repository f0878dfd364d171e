import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import type { Principal } from '@parley/contract'
import { afterEach, expect, test } from 'vitest'
import { Running } from './running.ts'

const ends: (() => unknown)[] = []
afterEach(() => ends.splice(0).forEach((end) => end()))

/** A server that enters each request for who its path names, and answers `/…/done` at once. */
async function start(running: Running) {
  const callers = new Map<string, Principal>()
  const principalOf = (name: string) => {
    const known = callers.get(name) ?? ({ subject: name } as Principal)
    callers.set(name, known)
    return known
  }
  const open: ServerResponse[] = []
  const server = createServer((req, res) => {
    const [, name, done] = req.url!.split('/')
    running.enter(principalOf(name!), req, res)
    if (done) res.end('done')
    else open.push(res)
  }).listen(0, '127.0.0.1')
  ends.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return async (...paths: string[]) => {
    const before = open.length
    const socket = connect(port, '127.0.0.1')
    ends.push(() => socket.destroy())
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''))
    socket.on('error', () => undefined)
    socket.resume()
    const waiting = paths.filter((path) => !path.endsWith('/done')).length
    await expect.poll(() => open.length).toBe(before + waiting)
    return socket
  }
}

const named = (name: string) => (principal: Principal) => principal.subject === name

test('G7: who is cut off loses what runs, and nobody else does', async () => {
  const running = new Running()
  const ask = await start(running)
  const [ada, bea] = [await ask('/ada'), await ask('/bea')]
  running.cut(named('ada'))
  await once(ada, 'close')
  expect(bea.destroyed).toBe(false)
})

test('G7: of requests sent behind one another, those before the last are cut too', async () => {
  const running = new Running()
  const ask = await start(running)
  const socket = await ask('/ada', '/bea', '/bea')
  running.cut(named('ada'))
  await once(socket, 'close')
})

test('a connection whose requests are answered is left alone, and its next caller is another', async () => {
  const running = new Running()
  const ask = await start(running)
  const socket = await ask('/ada/done', '/bea')
  await expect.poll(() => socket.bytesRead).toBeGreaterThan(0)
  running.cut(named('ada'))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(socket.destroyed).toBe(false)
  running.cut(named('bea'))
  await once(socket, 'close')
})
