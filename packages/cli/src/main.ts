import { parseArgs } from 'node:util'
import { call } from './commands/call.ts'
import { SERVERS_USAGE, servers } from './commands/servers.ts'
import { CliError, openHubClient, type HubClient } from './hub-client.ts'

const USAGE = `parley serve [--config FILE] [--host HOST] [--port PORT] [--data-dir DIR]
${SERVERS_USAGE}
parley call SERVER TOOL [--arguments JSON]
parley status | activity | backup
  --json        the answer as JSON
  --data-dir    where the hub keeps its data (default .parley)`

const OPTIONS = {
  json: { type: 'boolean', default: false },
  'data-dir': { type: 'string' },
  pending: { type: 'boolean', default: false },
  approve: { type: 'boolean', default: false },
  arguments: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

process.exitCode = await main(process.argv.slice(2))

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv
  if (command === 'serve') {
    const { runServe } = await import('@parley/server')
    return runServe(rest)
  }
  try {
    const { values, positionals } = parseArgs({ args: rest, options: OPTIONS, allowPositionals: true })
    if (command === undefined || command === 'help' || values.help) {
      console.log(USAGE)
      return 0
    }
    const answer = await run(command, openHubClient(values['data-dir']), { values, positionals })
    console.log(values.json ? JSON.stringify(answer.value, null, 2) : answer.text)
    return 0
  } catch (error) {
    if (!(error instanceof CliError || error instanceof TypeError)) throw error
    console.error(`parley: ${error.message}`)
    return 1
  }
}

interface Given {
  readonly values: {
    readonly pending: boolean
    readonly approve: boolean
    readonly arguments?: string | undefined
  }
  readonly positionals: readonly string[]
}

async function run(command: string, hub: HubClient, given: Given): Promise<{ value: unknown; text: string }> {
  const { values, positionals } = given
  if (command === 'servers') return servers(hub, positionals, values)
  if (command === 'call') return call(hub, positionals, { arguments: values.arguments })
  if (command === 'status') return asJson(await hub.api('GET', '/api/status'))
  if (command === 'backup') return asJson(await hub.api('POST', '/api/backup', {}))
  if (command === 'activity') {
    const value = (await hub.api('GET', '/api/activity')) as { records: Record<string, unknown>[] }
    const text = value.records.map((one) =>
      [
        one['seq'],
        new Date(Number(one['at'])).toISOString(),
        one['subject'],
        one['action'],
        one['capability'] ?? one['note'] ?? '',
        one['decision'],
        one['result'],
      ].join('  '),
    )
    return { value, text: text.join('\n') || 'Nothing has happened yet.' }
  }
  throw new CliError(`There is no command "${command}".\n${USAGE}`)
}

function asJson(value: unknown): { value: unknown; text: string } {
  return { value, text: JSON.stringify(value, null, 2) }
}
