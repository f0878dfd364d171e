import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERRORS } from '@parley/contract'
import { COMMAND_TABLE, COMMON_OPTIONS } from '../packages/cli/src/command-table.ts'
import type { CommandFacts } from '../packages/cli/src/command.ts'
import { optionName } from '../packages/cli/src/help-text.ts'
import { configJsonSchema } from '../packages/server/src/config/index.ts'
import { ERROR_MEANINGS } from './error-meanings.ts'
import { standardsPage } from './standards-page.ts'

const DOCS = join(import.meta.dirname, '../docs')

/** The pages of `docs/` that are written from the code, by file name. `npm run docs` writes them, a test compares. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'configuration.md': configurationPage(),
    'parley.schema.json': `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
    'cli.md': cliPage(),
    'errors.md': errorsPage(),
    'standards.md': standardsPage(),
  }
}

export function readPage(name: string): string {
  return readFileSync(join(DOCS, name), 'utf8')
}

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
}

const CONFIGURATION = `# Configuration

Written by \`npm run docs\` from the schema; \`parley.schema.json\` beside this page is for editors
(\`# yaml-language-server: $schema=…\` on the first line of the file).

Parley works without any configuration. \`parley init\` writes a commented \`parley.yaml\`; the hub takes it from the
folder it is started in, or from \`--config\`. What is unknown or contradicts itself is refused at the start, with file,
line and what to write instead.

## Flags and environment

A flag wins over the environment, the environment over the file.

| flag | environment | setting |
|---|---|---|
| \`--config FILE\` | \`PARLEY_CONFIG\` | the file itself |
| \`--host HOST\` | \`PARLEY_HOST\` | \`listen.host\` |
| \`--port PORT\` | \`PARLEY_PORT\` | \`listen.port\` |
| \`--grpc-port PORT\` | \`PARLEY_GRPC_PORT\` | \`listen.grpcPort\` |
| \`--data-dir DIR\` | \`PARLEY_DATA_DIR\` | where database and credentials are kept; \`.parley\` |
| | \`PARLEY_MASTER_KEY\` | the master key itself, 32 bytes in base64; the key before it may stand behind it |

Servers that are started as a process see \`PATH\`, \`HOME\` (the data directory) and what their \`env\` names; nothing else
of the hub's environment, and never a \`PARLEY_\` variable.
`

function configurationPage(): string {
  const { properties = {} } = configJsonSchema() as Schema
  const plain: Record<string, Schema> = {}
  const sections: string[] = []
  for (const [name, schema] of Object.entries(properties)) {
    if (schema.properties) sections.push(section(`\`${name}\``, schema.properties, `${name}.`))
    else if (typeof schema.additionalProperties === 'object')
      sections.push(
        section(`\`${name}\``, schema.additionalProperties.properties ?? {}, `${name}.NAME.`, schema),
      )
    else plain[name] = schema
  }
  return [CONFIGURATION, ...sections, section('Others', plain, '')].join('\n')
}

function section(
  title: string,
  properties: Readonly<Record<string, Schema>>,
  prefix: string,
  of?: Schema,
): string {
  const rows = settingRows(properties, prefix)
  const about = of?.description === undefined ? [] : [of.description, '']
  return [
    `## ${title}`,
    '',
    ...about,
    '| setting | default | allowed | |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

function settingRows(properties: Readonly<Record<string, Schema>>, prefix: string): string[] {
  return Object.entries(properties).flatMap(([name, schema]) =>
    schema.properties
      ? settingRows(schema.properties, `${prefix}${name}.`)
      : [
          `| \`${prefix}${name}\` | ${defaultText(schema)} | ${allowedText(schema)} | ${schema.description ?? ''} |`,
        ],
  )
}

function defaultText({ default: fallback }: Schema): string {
  return fallback === undefined ? '' : `\`${JSON.stringify(fallback).replaceAll('"', '')}\``
}

function allowedText({ type, enum: values, minimum, maximum }: Schema): string {
  if (values) return values.map((value) => `\`${String(value)}\``).join(', ')
  if (minimum !== undefined && maximum !== undefined) return `${grouped(minimum)} – ${grouped(maximum)}`
  return { string: 'text', boolean: 'true, false', array: 'a list', object: 'name: value' }[type ?? ''] ?? ''
}

function grouped(value: number): string {
  return value.toLocaleString('en-US')
}

function cliPage(): string {
  const commands = Object.entries(COMMAND_TABLE).map(([name, facts]) => commandSection(name, facts))
  const common = optionRows(COMMON_OPTIONS)
  return [
    '# Command line',
    '',
    'Written by `npm run docs` from the table of commands. In a checkout it is `npx parley …`.',
    '',
    'The exit code is 0, or 1 when something is wrong. Errors are told on stderr; with `--json` they are',
    '`{"error":{"code","message","hint"}}` on stdout. `code` is one of [errors.md](errors.md), or of the command line',
    'itself: `usage`, `unknown_command`, `no_hub`, `credentials`, `config`, `mcp_error`, `not_installed`, `not_ready`,',
    '`not_written`. `hint` may be null.',
    '',
    'Every command understands, beside `--help`:',
    '',
    ...common,
    '',
    ...commands,
  ].join('\n')
}

function commandSection(name: string, { usage, summary, options = {}, about = [] }: CommandFacts): string {
  const rows = Object.keys(options).length > 0 ? ['', ...optionRows(options)] : []
  const more = about.length > 0 ? ['', ...about] : []
  return [
    `## ${name}`,
    '',
    '```',
    ...usage.map((line) => `parley ${line}`),
    '```',
    '',
    summary,
    ...more,
    ...rows,
    '',
  ].join('\n')
}

function optionRows(options: NonNullable<CommandFacts['options']>): string[] {
  const rows = Object.entries(options).map(
    ([name, option]) => `| \`${optionName(name, option)}\` | ${option.about} |`,
  )
  return ['| option | |', '|---|---|', ...rows]
}

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, { http, jsonRpc }]) => {
    const [meaning, mend] = ERROR_MEANINGS[code as keyof typeof ERRORS]
    return `| \`${code}\` | ${http} | ${jsonRpc} | ${meaning} | ${mend} |`
  })
  return [
    '# Errors',
    '',
    'Written by `npm run docs` from the table in `packages/contract`.',
    '',
    'The management API answers with problem details (RFC 9457) and the code in `code`; the MCP endpoints with a',
    'JSON-RPC error, on the HTTP status where MCP 2026-07-28 wants one. An error that a server gave is passed on as it is.',
    '',
    '| code | HTTP | JSON-RPC | meaning | what to do |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

if (import.meta.main)
  for (const [name, text] of Object.entries(referencePages())) writeFileSync(join(DOCS, name), text)
