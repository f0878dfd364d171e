import { isAbsolute, join, relative } from 'node:path'
import { EXAMPLE_PACKAGES, findExampleServer, type ExampleName } from './find-example-server.ts'

/** The folder that the example's filesystem server may read, beside the file. */
export const EXAMPLE_FOLDER = 'parley-files'

export interface ExampleConfig {
  readonly text: string
  /** Packages that have to be installed before their servers can be taken into use. */
  readonly missing: readonly string[]
}

/** A commented `parley.yaml` for `directory`, with two servers that work as they stand where they are installed. */
export function exampleConfig(directory: string): ExampleConfig {
  const missing: string[] = []
  const entries = [
    entry('files', 'filesystem', [`    args: [${EXAMPLE_FOLDER}]`]),
    // Without a path of its own it writes into its package.
    entry('memory', 'memory', [
      '    env:',
      `      MEMORY_FILE_PATH: ${JSON.stringify(join(directory, EXAMPLE_FOLDER, 'memory.jsonl'))}`,
    ]),
  ]

  function entry(name: string, example: ExampleName, more: readonly string[]): string[] {
    const found = findExampleServer(example, directory)
    if (!found) missing.push(EXAMPLE_PACKAGES[example])
    const lines = [
      `  ${name}:`,
      `    command: ${JSON.stringify(found ? shorten(found.bin, directory) : `node_modules/.bin/mcp-server-${example}`)}`,
      `    package: '${found?.pin ?? EXAMPLE_PACKAGES[example]}'`,
      ...more,
    ]
    return found ? lines : lines.map((line) => `  #${line.slice(1)}`)
  }

  return { text: [...HEAD, ...entries.flat(), ...TAIL].join('\n'), missing }
}

/** Relative where the file stands above it, so that the folder can be moved. */
function shorten(path: string, directory: string): string {
  const short = relative(directory, path)
  return short.startsWith('..') || isAbsolute(short) ? path : short
}

const HEAD = [
  '# Parley: one URL and one sign-in for all MCP servers named here.',
  '# Everything is optional. What else can stand here: docs/configuration.md.',
  '',
  '# listen:',
  '#   port: 4747',
  '',
  'servers:',
  '  # A server that is started as a process. It can be declared in this file only. No shell, no package runner: an',
  '  # installed program, and the exact version that was looked at.',
]

const TAIL = [
  '',
  '  # A server that is reached over HTTP. `parley servers add NAME URL` adds one without this file.',
  '  # github:',
  '  #   url: http://localhost:3000/mcp',
  '',
  '# A call is answered only once its activity record is durable:',
  '# activity: strict',
  '',
]
