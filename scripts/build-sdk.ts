import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = join(import.meta.dirname, '..')

interface PackageFile {
  readonly exports: Readonly<Record<string, string>>
  readonly [name: string]: unknown
}

/** What others install, each as a directory that `npm publish` takes: JavaScript, its types, and a package.json for them. */
function buildPackage(name: string, target: string): void {
  const source = join(ROOT, 'packages', name)
  rmSync(target, { recursive: true, force: true })
  const options = [
    '--noEmit false --declaration --rewriteRelativeImportExtensions --stripInternal',
    '--target ES2023 --lib ES2024,ESNext.Disposable --module NodeNext --moduleResolution NodeNext --types node',
    '--strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --verbatimModuleSyntax --skipLibCheck',
  ].flatMap((line) => line.split(' '))
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as PackageFile
  const entries = Object.values(manifest.exports).map((file) => join(source, file))
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      '--ignoreConfig',
      ...options,
      '--rootDir',
      join(source, 'src'),
      '--outDir',
      target,
      ...entries,
    ],
    { cwd: ROOT, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`${name} could not be built:\n${stdout}`)
  nameBuiltFiles(target)
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`)
  for (const [from, to] of [
    [join(source, 'README.md'), 'README.md'],
    [join(ROOT, 'LICENSE'), 'LICENSE'],
  ] as const)
    if (existsSync(from)) copyFileSync(from, join(target, to))
  console.log(target)
}

/** The compiler rewrites what is imported in JavaScript, and leaves the names of sources in the types. */
function nameBuiltFiles(target: string): void {
  for (const name of readdirSync(target, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue
    const file = join(target, name)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replaceAll(/(from |import\()(['"])(\.{1,2}\/[^'"]+)\.ts\2/g, '$1$2$3.js$2'))
  }
}

function publishedManifest({ exports, ...rest }: PackageFile): object {
  const published = Object.entries(exports).map(([path, file]) => {
    const built = file.replace(/^\.\/src\/(.*)\.ts$/, './$1')
    return [path, { types: `${built}.d.ts`, default: `${built}.js` }]
  })
  return { ...rest, engines: { node: '>=22' }, sideEffects: false, exports: Object.fromEntries(published) }
}

/** By default each beside its source, where git ignores it. */
const out = process.argv[2]
for (const name of ['contract', 'sdk'])
  buildPackage(name, out === undefined ? join(ROOT, 'packages', name, 'dist') : join(resolve(out), name))
