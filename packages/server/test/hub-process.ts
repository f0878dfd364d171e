import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '../../..')

/** `parley serve` in a process of its own. */
export interface HubProcess extends AsyncDisposable {
  readonly url: string
  readonly setupLink: string
  api(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>
  /** Its clock, which was behind, is right from now on. */
  catchUp(): void
}

export async function startHubProcess(
  args: readonly string[],
  { behindMs = 0 }: { behindMs?: number } = {},
): Promise<HubProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-process-'))
  const dataDir = join(directory, 'data')
  const preload = ['--import', join(root, 'packages/server/test/late-clock.ts')]
  const serve = ['serve', '--port', '0', '--data-dir', dataDir, '--json', ...args]
  const child = spawn(
    process.execPath,
    [...(behindMs > 0 ? preload : []), join(root, 'packages/cli/src/main.ts'), ...serve],
    {
      cwd: directory,
      env: { PATH: process.env['PATH'], HOME: directory, CLOCK_OFFSET_MS: String(-behindMs) },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = once(child, 'exit')
  const ready = await new Promise<{ url: string; setupLink: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)))
    void ended.then(([code]) => reject(new Error(`the hub ended with ${code}`)))
  })
  const { key } = JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8')) as { key: string }
  return {
    url: ready.url,
    setupLink: ready.setupLink,
    async api(method, path, body) {
      const response = await fetch(ready.url + path, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: await response.json() }
    },
    catchUp: () => void child.kill('SIGUSR2'),
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
