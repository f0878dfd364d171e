import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { rolldown } from 'rolldown'

/** Bundles the command line and the hub into one directory that needs nothing else; by default where the `parley` bin looks. */
async function build(target: string): Promise<void> {
  const root = join(import.meta.dirname, '..')
  const store = join(root, 'packages/server/src/store')
  rmSync(target, { recursive: true, force: true })
  const bundle = await rolldown({
    input: {
      main: join(root, 'packages/cli/src/main.ts'),
      hub: join(root, 'packages/server/src/index.ts'),
      'writer-thread': join(store, 'writer-thread.ts'),
    },
    platform: 'node',
  })
  // Not minified: stacks in the log stay readable, and the orphan guard runs from its own function's text.
  const { output } = await bundle.write({
    dir: target,
    format: 'esm',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
  })
  await bundle.close()
  // The migrations are read beside the code that runs them.
  cpSync(join(store, 'migrations'), join(target, 'migrations'), { recursive: true })
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }\n')
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? Object.keys(chunk.modules) : []))
  writeFileSync(join(target, 'LICENSES.md'), licenses(modules))
  console.log(`${target}: ${output.filter((chunk) => chunk.type === 'chunk').length} files`)
}

/** The licence of every package that went in, as those licences ask. */
function licenses(modules: readonly string[]): string {
  const packages = new Map<string, string>()
  for (const file of modules) {
    const directory = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0]
    if (directory === undefined || packages.has(directory)) continue
    const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
    const text = ['LICENSE', 'LICENSE.md', 'LICENCE'].map((one) => join(directory, one)).find(existsSync)
    if (text === undefined) throw new Error(`${name} has no licence file in ${dirname(directory)}`)
    packages.set(directory, `## ${name} ${version} (${license})\n\n${readFileSync(text, 'utf8').trim()}\n`)
  }
  return `# What is bundled here\n\n${[...packages.values()].join('\n')}`
}

await build(resolve(process.argv[2] ?? join(import.meta.dirname, '../packages/cli/dist')))
