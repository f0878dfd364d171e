import { spawn } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { ResourceServer } from './resource-server.contract.ts'
import { startTestIssuer } from './test-issuer.ts'

const root = join(import.meta.dirname, '../../..')

/** An example as its reader starts it, in a process of its own, with an issuer beside it. */
export async function startExample(main: string): Promise<ResourceServer> {
  const issuer = await startTestIssuer()
  const port = await findPort()
  const url = `http://localhost:${port}/mcp`
  const child = spawn(process.execPath, [join(root, 'examples', main)], {
    env: { ISSUER: issuer.url, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', (code) => reject(new Error(`${main} ended with ${code}`)))
  })
  const mint: ResourceServer['mint'] = (claims = {}, header = {}) =>
    issuer.mint({ aud: url, scope: 'notes:read', ...claims }, header)
  return {
    url,
    issuer: issuer.url,
    mint,
    publicKey: issuer.publicKey,
    async changes() {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await mint()}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_notes","arguments":{}}}',
      })
      return (await response.text()).split('a note').length - 1
    },
    revokeGrant: (id) => issuer.revoke('grant', id),
    scopes: { read: 'notes:read', write: 'notes:write' },
    read: { tool: 'list_notes', arguments: {} },
    write: { tool: 'add_note', arguments: { text: 'a note' }, missing: 'notes:write' },
    stepUp: { tool: 'delete_note', arguments: { number: 99 }, acr: 'urn:parley:2fa', maxAgeSeconds: 300 },
    async [Symbol.asyncDispose]() {
      child.kill()
      await issuer[Symbol.asyncDispose]()
    },
  }
}

async function findPort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
