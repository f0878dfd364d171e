import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { driveSdkV1Over } from './drive-sdk-v1.ts'
import type { Driver, Target } from './driver.ts'

const manifest = createRequire(import.meta.url).resolve('mcp-remote/package.json')
const proxyScript = join(dirname(manifest), 'dist', 'proxy.js')

/** `mcp-remote`, as a desktop application starts it: a client over stdio that the proxy carries to the URL. */
export async function driveMcpRemote(target: Target): Promise<Driver> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-mcp-remote-'))
  const headerFile = join(directory, 'headers')
  await writeFile(headerFile, `Authorization: Bearer ${target.key ?? 'none'}\n`, { mode: 0o600 })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [proxyScript, target.url, '--allow-http', '--transport', 'http-only', '--header-file', headerFile],
    env: { PATH: process.env.PATH ?? '', HOME: directory, MCP_REMOTE_CONFIG_DIR: directory },
    stderr: 'ignore',
  })
  const removeDirectory = () => rm(directory, { recursive: true, force: true })
  try {
    const driver = await driveSdkV1Over(transport, async () => {})
    return {
      ...driver,
      async close() {
        await driver.close()
        await removeDirectory()
      },
    }
  } catch (error) {
    await transport.close()
    await removeDirectory()
    throw error
  }
}
