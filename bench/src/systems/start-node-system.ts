import { resolve } from 'node:path'
import { startProcess } from '../kit/start-process.ts'
import type { System } from './system.ts'

/** Starts one of the programs beside this file that print their port when they listen. */
export async function startNodeSystem(
  file: 'plain-proxy.ts' | 'sdk-server.ts' | 'plain-agent.ts' | 'sdk-agent.ts' | '../micro/small-proxy.ts',
  core: number,
  options: { args?: readonly string[]; nodeArgs?: readonly string[] } = {},
): Promise<System> {
  const started = await startProcess({
    command: process.execPath,
    args: [...(options.nodeArgs ?? []), resolve(import.meta.dirname, file), ...(options.args ?? [])],
    core,
    ready: /^(\d+)$/m,
  })
  return { pid: started.pid, port: Number(started.match[1]), [Symbol.asyncDispose]: started.stop }
}
