import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { BUILT_DIR } from './bench-dir.ts'

/** Compiles one C file of ours unless the built one is newer; returns its path, or undefined without a compiler. */
export function compile(source: string): string | undefined {
  const target = resolve(BUILT_DIR, basename(source, '.c'))
  if (existsSync(target) && statSync(target).mtimeMs > statSync(source).mtimeMs) return target
  mkdirSync(BUILT_DIR, { recursive: true })
  for (const compiler of ['cc', 'gcc', 'clang']) {
    const run = spawnSync(compiler, ['-O2', '-o', target, source], { encoding: 'utf8' })
    if (run.status === 0) return target
    if (run.error === undefined) throw new Error(`${compiler} failed on ${source}:\n${run.stderr}`)
  }
  return undefined
}
