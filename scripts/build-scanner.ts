import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import asc from 'assemblyscript/asc'

const root = join(import.meta.dirname, '..')
const SOURCE = 'packages/server/wasm/strict-json/scan.ts'
export const TARGET = join(root, 'packages/server/src/lib/strict-json/scanner-module.ts')

const OPTIONS = '-O3 --converge --noAssert --runtime stub --importMemory --enable simd --use abort='.split(
  ' ',
)

/** Compiles the scanner's source and answers the text of the file that keeps its bytes in the tree. */
export async function buildScanner(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-scanner-'))
  const binary = join(folder, 'scanner.wasm')
  try {
    const options = ['--baseDir', root, '--outFile', relative(root, binary), ...OPTIONS]
    const { error, stderr } = await asc.main([SOURCE, ...options])
    if (error) throw new Error(`${SOURCE} does not compile:\n${stderr.toString()}`, { cause: error })
    return moduleText(await readFile(binary))
  } finally {
    await rm(folder, { recursive: true })
  }
}

function moduleText(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,100}/g) ?? []
  return [
    '// Written by `npm run build:scanner` from packages/server/wasm/strict-json; a test holds the two together.',
    '',
    '/** The scanner as a WebAssembly module, in base64. */',
    'export const SCANNER_MODULE =',
    lines.map((line) => `  '${line}'`).join(' +\n'),
    '',
  ].join('\n')
}

if (import.meta.main) await writeFile(TARGET, await buildScanner())
