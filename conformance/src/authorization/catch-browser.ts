import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A home directory of its own for a program, whose "browser" only writes down what it is asked to open. */
export interface CaughtBrowser extends AsyncDisposable {
  readonly directory: string
  readonly env: NodeJS.ProcessEnv
  /** Waits for an address that it did not tell before. @throws Error after `limitMs`. */
  next(limitMs?: number): Promise<string>
  readonly opened: readonly string[]
}

export async function catchBrowser(): Promise<CaughtBrowser> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-home-'))
  const script = join(directory, 'xdg-open')
  const file = join(directory, 'opened')
  await writeFile(file, '')
  await writeFile(script, `#!/bin/sh\nprintf '%s\\n' "$1" >> '${file}'\n`)
  await chmod(script, 0o700)
  const opened: string[] = []
  return {
    directory,
    opened,
    // Some ask BROWSER, some `xdg-open` on the PATH.
    env: {
      PATH: `${directory}:${process.env.PATH ?? ''}`,
      HOME: directory,
      BROWSER: script,
      MCP_AUTO_OPEN_ENABLED: 'true',
    },
    async next(limitMs = 30_000) {
      const deadline = Date.now() + limitMs
      for (;;) {
        const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
        const address = lines[opened.length]
        if (address !== undefined) {
          opened.push(address)
          return address
        }
        if (Date.now() > deadline) throw new Error(`No browser was opened within ${limitMs} ms`)
        await sleep(50)
      }
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}
