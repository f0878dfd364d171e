import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startUntilReady } from '../../process/start-until-ready.ts'
import type { MatrixUpstream, StartedUpstream } from './upstream.ts'

const sdkV1Script = fileURLToPath(new URL('./sdk-v1-server.ts', import.meta.url))

/** Servers as others published them, all of SDK 1.x. */
export const publishedUpstreams: MatrixUpstream[] = [
  {
    id: 'server-everything',
    title: '@modelcontextprotocol/server-everything, stdio',
    revision: '2025-11-25',
    start: () => inDirectory((directory) => published('everything', ['stdio'], directory)),
    specimen: {
      tool: { name: 'echo', args: { message: 'matrix' }, expect: 'matrix' },
      resource: { uri: 'demo://resource/static/document/architecture.md', expect: 'Architecture' },
      template: {
        uriTemplate: 'demo://resource/dynamic/text/{resourceId}',
        uri: 'demo://resource/dynamic/text/7',
        expect: '7',
      },
      prompt: { name: 'args-prompt', args: { city: 'Paris' }, expect: 'Paris' },
      completion: {
        ref: { type: 'ref/prompt', name: 'completable-prompt' },
        argument: { name: 'department', value: 'E' },
        expect: 'Engineering',
      },
      progress: {
        name: 'trigger-long-running-operation',
        args: { duration: 1, steps: 4 },
        expect: 'completed',
      },
      structured: {
        name: 'get-structured-content',
        args: { location: 'New York' },
        expect: 'temperature',
        property: 'temperature',
      },
    },
  },
  {
    id: 'server-filesystem',
    title: '@modelcontextprotocol/server-filesystem, stdio',
    revision: '2025-11-25',
    start: () =>
      inDirectory(async (directory) => {
        await writeFile(join(directory, 'seen.txt'), 'seen by the filesystem server')
        return published('filesystem', [directory], directory)
      }),
    specimen: {
      tool: { name: 'search_files', args: { path: '.', pattern: '**/seen.txt' }, expect: 'seen.txt' },
      structured: {
        name: 'list_allowed_directories',
        expect: 'Allowed directories',
        property: 'content',
      },
    },
  },
  {
    id: 'server-memory',
    title: '@modelcontextprotocol/server-memory, stdio',
    revision: '2025-11-25',
    start: () => inDirectory((directory) => published('memory', [], directory)),
    specimen: {
      tool: { name: 'read_graph', expect: 'entities' },
      resource: { uri: 'memory://knowledge-graph', expect: 'entities' },
      structured: { name: 'read_graph', expect: 'entities', property: 'entities' },
    },
  },
  {
    id: 'sdk-v1-http',
    title: 'SDK 1.32 server, 2025-11-25 over HTTP',
    revision: '2025-11-25',
    async start() {
      const started = await startUntilReady([sdkV1Script])
      return { server: { url: String(started.ready.url) }, stop: started.stop }
    },
    specimen: {
      tool: { name: 'echo', args: { text: 'matrix' }, expect: 'matrix' },
      resource: { uri: 'v1://greeting', expect: 'Hello' },
      template: { uriTemplate: 'v1://greeting/{name}', uri: 'v1://greeting/ann', expect: 'Hello, ann' },
      prompt: { name: 'greet', args: { name: 'ann' }, expect: 'ann' },
      completion: {
        ref: { type: 'ref/prompt', name: 'greet' },
        argument: { name: 'name', value: 'a' },
        expect: 'ann',
      },
      progress: { name: 'count', expect: 'counted' },
      structured: { name: 'weigh', expect: 'grams', property: 'grams' },
      sampling: { name: 'sample', expect: 'sampled answer' },
      elicitation: { name: 'ask', expect: 'matrix answer' },
      roots: { name: 'roots', expect: 'file:///srv/matrix-root' },
    },
  },
]

async function published(
  name: string,
  args: string[],
  directory: string,
): Promise<StartedUpstream['server']> {
  const manifestPath = createRequire(import.meta.url).resolve(
    `@modelcontextprotocol/server-${name}/package.json`,
  )
  const script = join(dirname(manifestPath), 'dist', 'index.js')
  const env = { MEMORY_FILE_PATH: join(directory, 'memory.jsonl') }
  return { command: process.execPath, args: [script, ...args], env }
}

async function inDirectory(
  serve: (directory: string) => Promise<StartedUpstream['server']>,
): Promise<StartedUpstream> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-matrix-'))
  return {
    server: await serve(directory),
    stop: () => rm(directory, { recursive: true, force: true }),
  }
}
