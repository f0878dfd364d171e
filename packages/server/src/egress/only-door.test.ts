import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { expect, it } from 'vitest'

const SOURCE = join(import.meta.dirname, '..')

/** Modules that open connections, and what other rooms may still take from them at run time. */
const GUARDED: Record<string, readonly string[]> = {
  undici: [],
  http: [
    'createServer',
    'Server',
    'IncomingMessage',
    'STATUS_CODES',
    'validateHeaderName',
    'validateHeaderValue',
  ],
  https: [],
  http2: ['createServer'],
  net: ['createServer', 'isIP', 'isIPv4', 'isIPv6', 'BlockList'],
  tls: [],
  dgram: [],
  dns: [],
  'dns/promises': [],
  '@grpc/grpc-js': ['Metadata', 'Server', 'ServerCredentials', 'status'],
}
const GLOBALS =
  /(?<![.\w#])(?:fetch|WebSocket|EventSource|XMLHttpRequest)\s*\(|globalThis\s*\.\s*(?:fetch|WebSocket|EventSource)/

/** What in a source file opens connections on its own. */
function findBreaches(text: string): string[] {
  const found: string[] = []
  for (const [statement, names = '', module = ''] of text.matchAll(
    /import\s+(type\s[^;]*?|[^;'"]*?)\s*from\s*'([^']+)'/g,
  )) {
    const allowed = GUARDED[module.replace(/^node:/, '')]
    if (!allowed || names.startsWith('type ')) continue
    const taken = /^\{([^}]*)\}$/
      .exec(names.trim())?.[1]
      ?.split(',')
      .map((name) => name.trim().split(/\s+as\s+/)[0]!)
    const isClean = taken?.every((name) => name === '' || name.startsWith('type ') || allowed.includes(name))
    if (!isClean) found.push(statement)
  }
  for (const [call, names, module = ''] of text.matchAll(
    /(?:\{([^{}]*)\}\s*=\s*await\s+)?(?:import|require)\s*\(\s*'([^']+)'/g,
  )) {
    const allowed = GUARDED[module.replace(/^node:/, '')]
    const taken = names?.split(',').map((name) => name.trim().split(/\s*:\s*/)[0]!)
    if (allowed && !taken?.every((name) => name === '' || allowed.includes(name))) found.push(call)
  }
  const call = GLOBALS.exec(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''))
  if (call) found.push(call[0])
  return found
}

it('no other room opens a connection', () => {
  const breaches = globSync('**/*.ts', { cwd: SOURCE })
    .filter((file) => !file.startsWith(`egress${sep}`) && !/(?:\.test|test-kit)\.ts$/.test(file))
    .flatMap((file) =>
      findBreaches(readFileSync(join(SOURCE, file), 'utf8')).map((breach) => `${file}: ${breach}`),
    )
  expect(breaches).toEqual([])
})

it.each([
  "import { Pool } from 'undici'",
  "import { request } from 'node:http'",
  "import http from 'node:http'",
  "import * as net from 'node:net'",
  "import { isIP, connect } from 'net'",
  "import { connect as open } from 'node:tls'",
  "const { fetch } = await import('undici')",
  "const { Server, Client } = await import('@grpc/grpc-js')",
  "const grpc = await import('@grpc/grpc-js')",
  "const answer = await fetch('http://example.com')",
  'globalThis.fetch(url)',
  'new WebSocket(url)',
])('would notice: %s', (text) => {
  expect(findBreaches(text)).toHaveLength(1)
})

it.each([
  "import { createServer } from 'node:http'\nimport type { IncomingMessage } from 'node:http'",
  "import { isIP } from 'node:net'",
  "import type { Pool } from 'undici'",
  "const { Server, status: codes } = await import('@grpc/grpc-js')",
  'app.fetch(request)',
  'async #fetch(outlet: Outlet) {}',
  "const { createServer: createHttp2Server } = await import('node:http2')",
  '// fetch(url) is what others do',
])('lets pass: %s', (text) => {
  expect(findBreaches(text)).toEqual([])
})
