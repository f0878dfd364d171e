import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isObject } from './read-response.ts'

export interface ExampleServer {
  /** `@modelcontextprotocol/server-memory@2026.8.31`, what is installed. */
  readonly pin: string
  /** The program as npm links it. */
  readonly bin: string
  /** The file that Node runs. */
  readonly script: string
}

export type ExampleName = 'filesystem' | 'memory'

/** The versions that the examples are written for; another one that is installed serves as well. */
export const EXAMPLE_PACKAGES: Readonly<Record<ExampleName, string>> = {
  filesystem: '@modelcontextprotocol/server-filesystem@2026.8.31',
  memory: '@modelcontextprotocol/server-memory@2026.8.31',
}

/** An example server in the `node_modules` of `directory` or above it, or else of where Parley itself is. */
export function findExampleServer(name: ExampleName, directory: string): ExampleServer | undefined {
  for (const start of [directory, import.meta.dirname]) {
    for (let at = start; ; at = dirname(at)) {
      const found = readInstalled(name, join(at, 'node_modules'))
      if (found) return found
      if (at === dirname(at)) break
    }
  }
  return undefined
}

function readInstalled(name: ExampleName, modules: string): ExampleServer | undefined {
  const home = join(modules, '@modelcontextprotocol', `server-${name}`)
  const manifest = join(home, 'package.json')
  const bin = join(modules, '.bin', `mcp-server-${name}`)
  if (!existsSync(manifest) || !existsSync(bin)) return undefined
  const facts: unknown = JSON.parse(readFileSync(manifest, 'utf8'))
  const script = isObject(facts) && isObject(facts['bin']) ? facts['bin'][`mcp-server-${name}`] : undefined
  if (!isObject(facts) || typeof script !== 'string') return undefined
  return {
    pin: `@modelcontextprotocol/server-${name}@${String(facts['version'])}`,
    bin,
    script: join(home, script),
  }
}
