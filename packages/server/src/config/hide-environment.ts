import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

/** `env_start` and `env_end` in /proc/PID/stat, counted from the field after the program's name (proc(5)). */
const ENV_START = 47
const ENV_END = 48

/**
 * Takes the environment that the hub was started with out of `/proc/PID/environ`, where every process of the same
 * user can read it, a stdio server's too. The variables themselves stay readable for the hub. False where the
 * system has no such file or does not let a process write its own memory.
 */
export function hideEnvironment(variables: NodeJS.ProcessEnv = process.env): boolean {
  if (process.platform !== 'linux') return false
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const start = Number(fields[ENV_START])
    const bytes = Number(fields[ENV_END]) - start
    if (!Number.isSafeInteger(start) || !(bytes > 0)) return false
    // Setting a variable moves it to memory of its own; only then may the block it came in be overwritten.
    for (const [name, value] of Object.entries(variables)) variables[name] = value
    const memory = openSync('/proc/self/mem', 'r+')
    try {
      return writeSync(memory, Buffer.alloc(bytes), 0, bytes, start) === bytes
    } finally {
      closeSync(memory)
    }
  } catch (error) {
    // A sandbox may forbid it; the hub works as well without.
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
