import { resolve } from 'node:path'

export const BENCH_DIR: string = resolve(import.meta.dirname, '../..')
export const ROOT_DIR: string = resolve(BENCH_DIR, '..')
/** What is built for a run; ignored by git. */
export const BUILT_DIR: string = resolve(BENCH_DIR, 'dist')
