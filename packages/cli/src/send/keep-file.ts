import { mkdirSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { CliError } from '../cli-error.ts'

const MAX_NAME_LENGTH = 120
const MAX_COPIES = 1000

/** Writes what an agent sent into a directory, under its name as far as that is one; what is there stays. Answers the path. */
export function keepFile(directory: string, name: string, bytes: Uint8Array): string {
  mkdirSync(directory, { recursive: true })
  const safe = safeName(name)
  const end = extname(safe)
  const start = safe.slice(0, safe.length - end.length)
  for (let copy = 1; copy <= MAX_COPIES; copy++) {
    const path = join(directory, copy === 1 ? safe : `${start} (${copy})${end}`)
    try {
      // Follows no link, and writes over nothing.
      writeFileSync(path, bytes, { flag: 'wx' })
      return path
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new CliError(`${path} cannot be written: ${(error as Error).message}`, { cause: error })
    }
  }
  throw new CliError(`There are ${MAX_COPIES} files like ${safe} in ${directory}.`)
}

/** An agent's word for a file is no path, is not hidden, and is a name on every system. */
function safeName(name: string): string {
  const last = name.split(/[/\\]/).at(-1)!
  const plain = last
    .replaceAll(/[^\p{L}\p{N}._ ()-]/gu, '_')
    .replace(/^[. ]+/, '')
    .replace(/[. ]+$/, '')
  const end = extname(plain).slice(0, 16)
  const start = plain.slice(0, plain.length - extname(plain).length).slice(0, MAX_NAME_LENGTH)
  const isReserved = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i.test(start)
  return start === '' ? `file${end}` : `${isReserved ? '_' : ''}${start}${end}`
}
