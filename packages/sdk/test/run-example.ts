import { spawn } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')

export interface RunningExample {
  readonly url: string
  stop(): void
}

/** An example as its reader starts it, in a process of its own. */
export async function runExample(
  main: string,
  { issuer, port, resource }: { issuer: string; port?: number; resource?: string },
): Promise<RunningExample> {
  const ownPort = port ?? (await findPort())
  const url = `http://localhost:${ownPort}/mcp`
  const stop = await startProcess(main, { ISSUER: issuer, PORT: String(ownPort), RESOURCE: resource ?? url })
  return { url, stop }
}

/** An example of an agent; `environment` goes with its port and its address. */
export async function runAgentExample(
  main: string,
  environment: Readonly<Record<string, string>>,
): Promise<RunningExample> {
  const port = await findPort()
  return {
    url: `http://localhost:${port}/a2a`,
    stop: await startProcess(main, { ...environment, PORT: String(port) }),
  }
}

/** Answers once it has said that it listens. */
async function startProcess(
  main: string,
  environment: Readonly<Record<string, string>>,
): Promise<() => void> {
  const child = spawn(process.execPath, [join(root, 'examples', main)], {
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', (code) => reject(new Error(`${main} ended with ${code}`)))
  })
  return () => void child.kill()
}

/** What the contract suite must know of the examples. */
export const NOTES = {
  scopes: { read: 'notes:read', write: 'notes:write' },
  read: { tool: 'list_notes', arguments: {} },
  write: { tool: 'add_note', arguments: { text: 'a note' }, missing: 'notes:write' },
  stepUp: { tool: 'delete_note', arguments: { number: 99 }, acr: 'urn:parley:2fa', maxAgeSeconds: 300 },
}

/** How many notes a caller has. */
export async function countNotes(url: string, token: string): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_notes","arguments":{}}}',
  })
  return (await response.text()).split('a note').length - 1
}

export async function findPort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
