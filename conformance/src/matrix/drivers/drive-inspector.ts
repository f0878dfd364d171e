import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { runToEnd } from '../../process/run-to-end.ts'
import type { Revision } from '../../suite/suite-command.ts'
import type { Driver, Target } from './driver.ts'

const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector/package.json')
const launcherScript = join(dirname(manifest), 'clients', 'launcher', 'build', 'index.js')
const commandLimitMs = 30_000

/** The Inspector's command line: one process, and one connection, per request. */
export async function driveInspector(target: Target, revision: Revision): Promise<Driver> {
  const era = revision === '2026-07-28' ? 'modern' : 'legacy'
  const connection = ['--cli', target.url, '--transport', 'http', '--protocol-era', era]
  const credential = target.key === undefined ? [] : ['--header', `Authorization: Bearer ${target.key}`]

  async function run<result>(method: string, ...rest: string[]): Promise<result> {
    const args = [...connection, ...credential, '--format', 'json', '--quiet', '--method', method, ...rest]
    const outcome = await runToEnd(process.execPath, [launcherScript, ...args], { limitMs: commandLimitMs })
    const line = outcome.stdout.split('\n').find((text) => text.startsWith('{"result"'))
    if (line === undefined) throw new Error(`${method}: ${(outcome.stderr || outcome.stdout).slice(0, 500)}`)
    return JSON.parse(line).result
  }

  return {
    // It says nowhere what it negotiated, and fails when the era it was told is not served.
    revision: () => revision,
    listTools: async () => (await run<{ tools: [] }>('tools/list')).tools,
    callTool: ({ name, args = {} }) =>
      run('tools/call', '--tool-name', name, '--tool-args-json', JSON.stringify(args)),
    listResources: async () => (await run<{ resources: [] }>('resources/list')).resources,
    readResource: async (uri) => (await run<{ contents: [] }>('resources/read', '--uri', uri)).contents,
    listTemplates: async () =>
      (await run<{ resourceTemplates: [] }>('resources/templates/list')).resourceTemplates,
    listPrompts: async () => (await run<{ prompts: [] }>('prompts/list')).prompts,
    getPrompt: (name, args) => {
      const pairs = Object.entries(args).map(([key, value]) => `${key}=${value}`)
      const promptArgs = pairs.length > 0 ? ['--prompt-args', ...pairs] : []
      return run('prompts/get', '--prompt-name', name, ...promptArgs)
    },
    close: async () => {},
  }
}
