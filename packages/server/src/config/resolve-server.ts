import { dirname, resolve } from 'node:path'
import type { HttpServerConfig, OpenApiServerConfig, ServerConfig, StdioServerConfig } from './config.ts'
import type { Contradiction } from './check-listen.ts'
import { ENV_REFERENCE } from './child-environment.ts'
import type { FileServer } from './config-schema.ts'
import { isOwnVariable } from './read-env.ts'
import { resolveCommand } from './resolve-command.ts'

export type ResolvedServer =
  | { readonly server: ServerConfig }
  | { readonly problems: readonly Contradiction[] }

const STDIO_ONLY = ['args', 'env', 'package'] as const

/** One entry under `servers`, checked: a URL or a program, never both. `file` is the configuration file. */
export function resolveServer(name: string, entry: FileServer, file: string): ResolvedServer {
  const path = ['servers', name]
  if (entry.url !== undefined && entry.command !== undefined) {
    return refuse(
      [...path, 'command'],
      'write either url (reached over HTTP) or command (started as a process), not both',
    )
  }
  if (entry.operations !== undefined && entry.openapi === undefined)
    return refuse([...path, 'operations'], 'operations belongs to a server with openapi')
  if (entry.url !== undefined) {
    const stray = STDIO_ONLY.find((setting) => entry[setting] !== undefined)
    if (stray) return refuse([...path, stray], `${stray} belongs to a server with command; this one has url`)
    const http = resolveHttp(name, entry.url, entry)
    return entry.openapi === undefined || 'problems' in http
      ? http
      : resolveOpenApi(http.server, { ...entry, openapi: entry.openapi }, file)
  }
  if (entry.openapi !== undefined)
    return refuse([...path, 'openapi'], 'write url too: the address under which the service is called')
  if (entry.hopTokens !== undefined)
    return refuse([...path, 'hopTokens'], 'hopTokens belongs to a server with url; a process gets no tokens')
  if (entry.command !== undefined) return resolveStdio(name, { ...entry, command: entry.command }, file)
  return refuse(
    path,
    'write url: http://… (reached over HTTP) or command: /path/to/program (started as a process)',
  )
}

function refuse(
  path: readonly PropertyKey[],
  message: string,
): { readonly problems: readonly Contradiction[] } {
  return { problems: [{ path, message }] }
}

function resolveHttp(
  name: string,
  text: string,
  { hopTokens = false, content }: Pick<FileServer, 'content' | 'hopTokens'>,
): { readonly server: HttpServerConfig } | { readonly problems: readonly Contradiction[] } {
  const path = ['servers', name, 'url']
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return refuse(path, 'write a whole URL, such as http://localhost:3000/mcp')
  }
  if (url.username !== '' || url.password !== '') return refuse(path, 'must not hold a user name or password')
  if (url.hash !== '' || text.includes('#')) return refuse(path, 'must not hold a fragment (#…)')
  const server: HttpServerConfig = { transport: 'http', name, url: url.href, hopTokens, content }
  return { server: Object.freeze(server) }
}

function resolveOpenApi(
  { name, url, hopTokens, content }: HttpServerConfig,
  entry: FileServer & { openapi: string },
  file: string,
): ResolvedServer {
  const path = ['servers', name, 'openapi']
  const isUrl = /^https?:/i.test(entry.openapi)
  const source = isUrl ? URL.parse(entry.openapi) : undefined
  if (isUrl && (!source || source.username !== '' || source.password !== '' || entry.openapi.includes('#')))
    return refuse(path, 'write a whole URL without user name, password and fragment, or a file')
  const server: OpenApiServerConfig = {
    transport: 'openapi',
    name,
    url,
    document: source ? { url: source.href } : { file: resolve(dirname(file), entry.openapi) },
    selection: Object.freeze({ ...entry.operations }),
    hopTokens,
    content,
  }
  return { server: Object.freeze(server) }
}

function resolveStdio(name: string, entry: FileServer & { command: string }, file: string): ResolvedServer {
  const path = ['servers', name]
  const problems: Contradiction[] = checkReferences(entry.env ?? {}, [...path, 'env'])
  const args = entry.args ?? []
  const cwd = dirname(file)
  const found = resolveCommand({ command: entry.command, args, package: entry.package, directory: cwd })
  if (found.kind === 'refused') problems.push({ path: [...path, found.setting], message: found.message })
  if (found.kind === 'refused' || problems.length > 0) return { problems }
  const server: StdioServerConfig = {
    transport: 'stdio',
    name,
    command: found.command,
    realCommand: found.realCommand,
    args: Object.freeze([...args]),
    env: Object.freeze({ ...entry.env }),
    package: entry.package,
    content: entry.content,
    cwd,
  }
  return { server: Object.freeze(server) }
}

function checkReferences(
  env: Readonly<Record<string, string>>,
  path: readonly PropertyKey[],
): Contradiction[] {
  const found: Contradiction[] = []
  for (const [name, value] of Object.entries(env)) {
    if (value.replaceAll(ENV_REFERENCE, '').includes('${env:')) {
      found.push({ path: [...path, name], message: 'write a reference as ${env:NAME}' })
    }
    for (const [, reference] of value.matchAll(ENV_REFERENCE)) {
      if (!isOwnVariable(reference!)) continue
      found.push({
        path: [...path, name],
        message: `${reference} is the hub's own and never passed to a server`,
      })
    }
  }
  return found
}
