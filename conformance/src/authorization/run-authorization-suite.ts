import { mkdtemp, rm } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConsentHub } from '../../../packages/server/test/consent-hub.ts'
import { judgeAlone } from '../leg.ts'
import type { Leg } from '../leg.ts'
import { readAllCounts } from '../suite/scenario-counts.ts'
import type { ScenarioCounts } from '../suite/scenario-counts.ts'
import { suiteScript } from '../suite/suite-command.ts'

const limitMs = 120_000

/** The suite's checks of authorization servers, as an app that the hub knows and as one with a metadata document. */
export async function runAuthorizationSuite(hub: ConsentHub): Promise<Leg[]> {
  const known = await runAs(hub, async (redirectUri) => {
    const { body } = await hub.api('POST', '/api/apps', { name: 'Conformance', redirectUris: [redirectUri] })
    return body.app.clientId
  })
  const published = await runAs(hub, async (redirectUri) => {
    const clientId = `${hub.documents.origin}/conformance.json`
    return hub.documents.serve('/conformance.json', {
      client_id: clientId,
      client_name: 'Conformance',
      redirect_uris: [redirectUri],
    })
  })
  return [
    judgeAlone('authorization server: an app that the hub knows', known),
    judgeAlone('authorization server: an app with a metadata document', published),
  ]
}

async function runAs(
  hub: ConsentHub,
  register: (redirectUri: string) => Promise<string>,
): Promise<ScenarioCounts> {
  const port = await findFreePort()
  const clientId = await register(`http://127.0.0.1:${port}/callback`)
  const directory = await mkdtemp(join(tmpdir(), 'parley-authorization-'))
  try {
    const about = ['--url', hub.url, '--client-id', clientId, '--resource', `${hub.url}/mcp`]
    const complaint = await runWithPerson(hub, [...about, '--port', String(port), '--output-dir', directory])
    const counts = await readAllCounts(directory)
    if (counts.size === 0) throw new Error(`The suite wrote no results:\n${complaint}`)
    return counts
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Runs it, and does what it asks a person to do: opens the address that it prints, signs in, and allows. */
async function runWithPerson({ ada }: ConsentHub, args: string[]): Promise<string> {
  const child = spawn(process.execPath, [suiteScript, 'authorization', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
  })
  let output = ''
  let answering: Promise<unknown> | undefined
  const read = (text: string) => {
    output += text
    const address = /https?:\/\/\S+\/oauth\/authorize\?\S+/.exec(output)?.[0]
    if (address !== undefined) answering ??= ada.answer(address).catch((error) => (output += String(error)))
  }
  child.stdout.setEncoding('utf8').on('data', read)
  child.stderr.setEncoding('utf8').on('data', read)
  await once(child, 'close')
  await answering
  return output
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
