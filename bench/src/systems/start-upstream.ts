import { resolve } from 'node:path'
import { compile } from '../kit/compile.ts'
import { startProcess } from '../kit/start-process.ts'
import type { System } from './system.ts'

export interface Upstream extends System {
  /** The same server over stdio. */
  readonly stdioCommand: string
  /** Where a server of that era answers `echo` with about so many bytes. */
  path(era: 'modern' | 'legacy', resultBytes?: number): string
}

/** Starts the server that costs almost nothing. */
export async function startUpstream(core: number): Promise<Upstream> {
  const binary = compile(resolve(import.meta.dirname, '../upstream/cheap-upstream.c'))
  if (binary === undefined)
    throw new Error('the cheap upstream needs a C compiler: apt-get install gcc libc6-dev')
  const started = await startProcess({ command: binary, args: ['0'], core, ready: /^(\d+)$/m })
  return {
    pid: started.pid,
    port: Number(started.match[1]),
    stdioCommand: binary,
    path: (era, resultBytes = 0) => `/${era}/${resultBytes}`,
    [Symbol.asyncDispose]: started.stop,
  }
}
