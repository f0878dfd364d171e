import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path'

export interface CommandRequest {
  readonly command: string
  readonly args: readonly string[]
  readonly package: string | undefined
  /** The directory of the configuration file. */
  readonly directory: string
}

export type ResolvedCommand =
  | { readonly kind: 'resolved'; readonly command: string; readonly realCommand: string }
  | { readonly kind: 'refused'; readonly setting: 'command' | 'package'; readonly message: string }

type Refusal = Extract<ResolvedCommand, { kind: 'refused' }>

const SHELLS = wordSet(
  'sh bash dash ash zsh fish ksh mksh csh tcsh busybox toybox nu elvish cmd powershell pwsh',
)
const WRAPPERS = wordSet('env xargs sudo doas su nohup setsid timeout nice stdbuf script ssh watch')
const RUNNERS = wordSet('npx npm pnpx pnpm yarn yarnpkg bunx corepack uvx uv pipx')
const INTERPRETERS = wordSet('node bun deno tsx ts-node python python3 ruby perl')
/** An argument that makes a runtime fetch what it runs. */
const FETCHED = /^(?:npm|jsr):/
const PINNED =
  /^((?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*)@(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)$/

/**
 * Finds the program of a stdio server and refuses what could run something other than what was reviewed: shells,
 * wrappers that start another program, and package runners, which fetch whatever is newest at each start. A program
 * inside an installed npm package must be pinned, and the pin must be the version that is installed.
 */
export function resolveCommand(request: CommandRequest): ResolvedCommand {
  const command = resolve(request.directory, request.command)
  const refused = refuseName(command, request.command)
  if (refused) return refused
  const realCommand = findProgram(command)
  if (realCommand === undefined) {
    const bare = !request.command.includes('/') && !request.command.includes(sep)
    const hint = bare
      ? `; the search path is not used, so write the whole path (try: which ${request.command})`
      : ''
    return refuse('command', `${command} is not an executable file${hint}`)
  }
  const behind = refuseName(realCommand, realCommand) ?? refuseFetching(realCommand, request.args)
  if (behind) return behind
  return checkPin(request, realCommand) ?? { kind: 'resolved', command, realCommand }
}

function refuse(setting: 'command' | 'package', message: string): Refusal {
  return { kind: 'refused', setting, message }
}

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(' '))
}

function refuseName(path: string, shown: string): Refusal | undefined {
  const name = plainName(path)
  if (SHELLS.has(name)) {
    return refuse(
      'command',
      `${shown} is a shell; name the program itself and give its arguments one by one in args`,
    )
  }
  if (WRAPPERS.has(name)) {
    return refuse(
      'command',
      `${shown} starts another program; name that program itself, its variables go in env`,
    )
  }
  return RUNNERS.has(name) ? refuseRunner(shown) : undefined
}

/** `bash`, `/bin/bash` and `bash.exe` are the same program; `npx-cli.js` is what npx really is. */
function plainName(path: string): string {
  return basename(path)
    .toLowerCase()
    .replace(/\.(?:exe|cmd|bat|ps1|[cm]?js)$/, '')
    .replace(/-cli$/, '')
}

function refuseRunner(shown: string): Refusal {
  return refuse(
    'command',
    `${shown} would fetch and run whatever is newest; install an exact version (npm install -E name@1.2.3) and write ` +
      'command: ./node_modules/.bin/name with package: name@1.2.3',
  )
}

function refuseFetching(realCommand: string, args: readonly string[]): Refusal | undefined {
  const fetched =
    args.find((arg) => FETCHED.test(arg)) ??
    (plainName(realCommand) === 'bun' && args[0] === 'x' ? 'bun x' : undefined)
  if (fetched === undefined) return undefined
  return refuse(
    'command',
    `${fetched} would be fetched at each start; install an exact version and name its file`,
  )
}

function findProgram(path: string): string | undefined {
  try {
    const real = realpathSync(path)
    accessSync(real, constants.X_OK)
    return statSync(real).isFile() ? real : undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

/** An interpreter is judged by the script it runs, any other program by itself and then by its arguments. */
function checkPin(request: CommandRequest, realCommand: string): Refusal | undefined {
  const scripts = scriptArguments(request)
  const installed = findInstalledPackage(
    INTERPRETERS.has(plainName(realCommand)) ? scripts : [realCommand, ...scripts],
  )
  if (installed && RUNNERS.has(installed.name)) return refuseRunner(installed.name)
  if (request.package === undefined) {
    if (!installed) return undefined
    const pin = `${installed.name}@${installed.version}`
    return refuse(
      'package',
      `the program belongs to an npm package; pin what is installed: package: '${pin}'`,
    )
  }
  const [, name, version] = PINNED.exec(request.package) ?? []
  if (name === undefined || version === undefined) {
    return refuse(
      'package',
      `"${request.package}" is no exact version; write name@1.2.3, without ranges or tags`,
    )
  }
  if (!installed)
    return refuse(
      'package',
      `the program is not inside an installed npm package, so ${name} cannot be verified`,
    )
  if (installed.name === name && installed.version === version) return undefined
  return refuse(
    'package',
    `pinned is ${request.package}, but installed is ${installed.name}@${installed.version}; install the pinned version ` +
      'or review the new one and change the pin',
  )
}

/** The files that an interpreter is told to run: its arguments that are existing files. */
function scriptArguments(request: CommandRequest): string[] {
  return request.args
    .filter((arg) => !arg.startsWith('-'))
    .map((arg) => findFile(isAbsolute(arg) ? arg : join(request.directory, arg)))
    .filter((path) => path !== undefined)
}

function findFile(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

function findInstalledPackage(files: readonly string[]): { name: string; version: string } | undefined {
  for (const file of files) {
    if (!file.includes(`${sep}node_modules${sep}`)) continue
    for (let directory = dirname(file); directory !== dirname(directory); directory = dirname(directory)) {
      const found = readPackage(join(directory, 'package.json'))
      if (found) return found
      if (basename(directory) === 'node_modules') break
    }
  }
  return undefined
}

/** A package's name and version; package.json files without both only set the module type of a folder. */
function readPackage(file: string): { name: string; version: string } | undefined {
  if (findFile(file) === undefined) return undefined
  const facts: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (typeof facts !== 'object' || facts === null || !('name' in facts) || !('version' in facts))
    return undefined
  if (typeof facts.name !== 'string' || typeof facts.version !== 'string') return undefined
  return { name: facts.name, version: facts.version }
}
