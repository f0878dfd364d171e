import { cpSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { rolldown, type Plugin } from 'rolldown'

/** Bundles the command line and the hub into one directory that needs nothing else; by default where the `parley` bin looks. */
async function build(target: string): Promise<void> {
  const root = join(import.meta.dirname, '..')
  const store = join(root, 'packages/server/src/store')
  const fresh = `${target}.new`
  rmSync(fresh, { recursive: true, force: true })
  const bundle = await rolldown({
    input: {
      main: join(root, 'packages/cli/src/main.ts'),
      hub: join(root, 'packages/server/src/index.ts'),
      'writer-thread': join(store, 'writer-thread.ts'),
      'translate-thread': join(root, 'packages/server/src/openapi/translate-thread.ts'),
    },
    platform: 'node',
    plugins: [undiciInParts, nodeHttpInParts(join(root, 'packages/server/src/lib/node-http.ts'))],
    // depd, below koa, makes functions of its own text with it; nothing from outside gets there.
    checks: { eval: false },
  })
  // Not minified: stacks in the log stay readable, and the orphan guard runs from its own function's text.
  const { output } = await bundle.write({
    dir: fresh,
    format: 'esm',
    sourcemap: true,
    // The source keeps them, and the maps lead there; LICENSES.md has what licences ask for.
    comments: false,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
  })
  await bundle.close()
  // Migrations and assets are read beside the code that needs them.
  cpSync(join(store, 'migrations'), join(fresh, 'migrations'), { recursive: true })
  cpSync(join(root, 'packages/server/src/pages/assets'), join(fresh, 'assets'), { recursive: true })
  writeFileSync(join(fresh, 'package.json'), '{ "type": "module" }\n')
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? Object.keys(chunk.modules) : []))
  writeFileSync(join(fresh, 'LICENSES.md'), licenses(modules))
  // A hub that runs from the one before has loaded it; only a command that starts right now could miss it.
  rmSync(target, { recursive: true, force: true })
  renameSync(fresh, target)
  console.log(`${target}: ${output.filter((chunk) => chunk.type === 'chunk').length} files`)
}

/** undici's index loads all of it, fetch and mocks too, which is a third of what would have to be parsed at each start. */
const undiciInParts: Plugin = {
  name: 'undici-in-parts',
  resolveId(id, importer) {
    if (id === 'undici') return '\0undici-in-parts'
    return NEVER_CALLED.has(id) && importer?.includes('/undici/') ? '\0never-called' : null
  },
  load(id) {
    if (id === '\0undici-in-parts') return UNDICI_PARTS
    return id === '\0never-called' ? REFUSAL : null
  },
}

/** Dependencies come by node:http as the hub does; a name that they import and that is not there fails the build. */
function nodeHttpInParts(file: string): Plugin {
  return {
    name: 'node-http-in-parts',
    resolveId: (id, importer, { kind }) =>
      id === 'node:http' && kind === 'import-statement' && importer !== file ? file : null,
  }
}

/** Egress opens its pools without HTTP/2, whose client loads node:http2 (5 MB), and without milo, another parser. */
const NEVER_CALLED: ReadonlySet<string> = new Set(['./client-h2.js', '../milo/simd.js', '../milo/no-simd.js'])
const REFUSAL = `module.exports = () => { throw new Error('not in this build') }`

/** A name that the source imports and that is not here fails the build. */
const UNDICI_PARTS = `
export { default as Pool } from 'undici/lib/dispatcher/pool.js'
export { default as buildConnector } from 'undici/lib/core/connect.js'
export { default as errors } from 'undici/lib/core/errors.js'
`

/** As packages spell it. */
const LICENCE_FILE = /^licen[cs]e(?:\.(?:md|txt))?$/i
/** Packages that name their licence, but ship no text of it. */
const NAMED_ONLY: Readonly<Record<string, string>> = {
  'koa-compose': 'The MIT License, Copyright (c) Koa contributors; https://github.com/koajs/compose',
}

/** The licence of every package that went in, as those licences ask. */
function licenses(modules: readonly string[]): string {
  const packages = new Map<string, string>()
  for (const module of modules) {
    const directory = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(module)?.[0]
    if (directory === undefined || packages.has(directory)) continue
    const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
    const file = readdirSync(directory).find((one) => LICENCE_FILE.test(one))
    const text = file === undefined ? NAMED_ONLY[name] : readFileSync(join(directory, file), 'utf8')
    if (text === undefined) throw new Error(`${name} has no licence file in ${dirname(directory)}`)
    packages.set(directory, `## ${name} ${version} (${license})\n\n${text.trim()}\n`)
  }
  return `# What is bundled here\n\n${[...packages.values()].join('\n')}`
}

await build(resolve(process.argv[2] ?? join(import.meta.dirname, '../packages/cli/dist')))
