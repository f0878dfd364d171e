import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { decide, type PageVisitor } from './page-visitor.ts'
import { signUpAdministrator } from './sign-in.ts'
import { startTestHub } from './start-test-hub.ts'

const SUITE = resolve(import.meta.dirname, '../../../node_modules/.bin/conformance')

test('the MCP conformance suite for authorization servers: all that it checks, without a warning', async () => {
  await using hub = await startTestHub()
  const { visitor } = await signUpAdministrator(hub)
  const port = await findFreePort()
  const output = await runSuite(
    ['--url', hub.url, '--client-id', 'parley-cli', '--resource', `${hub.url}/mcp`, '--port', String(port)],
    visitor,
  )
  expect(output).not.toMatch(/FAILURE|WARNING|✗|⚠/)
  expect(output).toMatch(/\b(?:3\/3|3 passed)\b/)
  expect(hub.logs).toEqual([])
})

/** Runs it, and does what it asks a person to do: opens the address that it prints, and allows. */
function runSuite(args: readonly string[], visitor: PageVisitor): Promise<string> {
  const child = spawn(process.execPath, [SUITE, 'authorization', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 45_000,
  })
  let output = ''
  let isDriven = false
  const read = (text: string) => {
    output += text
    const address = /https?:\/\/\S+\/oauth\/authorize\?\S+/.exec(output)?.[0]
    if (address === undefined || isDriven) return
    isDriven = true
    visitor
      .open(address)
      .then((page) => decide(visitor, page))
      .then((callback) => fetch(callback))
      .catch((error: unknown) => (output += `FAILURE ${String(error)}`))
  }
  child.stdout.setEncoding('utf8').on('data', read)
  child.stderr.setEncoding('utf8').on('data', read)
  return new Promise((done) => child.once('close', () => done(output)))
}

function findFreePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => done(port))
    })
  })
}
