import { spawn } from 'node:child_process'

export interface Outcome {
  exitCode: number | null
  stdout: string
  stderr: string
}

/**
 * Runs a command to its end with stdin closed; ends it after `limitMs`.
 * Output beyond 16 MiB per stream is cut.
 */
export function runToEnd(
  command: string,
  args: string[],
  { limitMs, env = process.env }: { limitMs: number; env?: NodeJS.ProcessEnv },
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env, timeout: limitMs })
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (output[name].length < 16 * 1024 * 1024) output[name] += text
      })
    }
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, ...output }))
  })
}
