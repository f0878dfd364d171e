import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from './cli-error.ts'

export interface Credentials {
  readonly url: string
  readonly key: string
}

const FILE = 'credentials.json'
const OTHERS = 0o077

/**
 * Reads where the hub is and its key from the file that the hub writes into its data directory. Refuses a file that
 * group or others may read or write: whoever wrote it could name another hub.
 */
export function readCredentials(directory: string): Credentials {
  const file = join(directory, FILE)
  const descriptor = open(file)
  try {
    if (process.platform !== 'win32' && (fstatSync(descriptor).mode & OTHERS) !== 0) {
      throw new CliError(`${file} is open to others than its owner.`, {
        code: 'credentials',
        hint: `Run \`chmod 600 ${file}\` first.`,
      })
    }
    return check(readFileSync(descriptor, 'utf8'), file)
  } finally {
    closeSync(descriptor)
  }
}

/** As `readCredentials`; undefined when there is no such file. */
export function findCredentials(directory: string): Credentials | undefined {
  return existsSync(join(directory, FILE)) ? readCredentials(directory) : undefined
}

function open(file: string): number {
  try {
    return openSync(file, 'r')
  } catch (error) {
    const denied = (error as NodeJS.ErrnoException).code === 'EACCES'
    const code = 'credentials'
    if (denied) {
      const hint = 'Run this as the user that runs the hub.'
      throw new CliError(`${file} belongs to somebody else.`, { code, hint, cause: error })
    }
    const hint =
      'Start a hub here with `parley serve`, name its directory with --data-dir, or sign in to another: parley login URL'
    throw new CliError(`There is no ${file}.`, { code, hint, cause: error })
  }
}

function check(text: string, file: string): Credentials {
  const broken = `${file} is damaged.`
  const options = { code: 'credentials', hint: 'Start the hub again; it writes the file anew.' }
  let value: Partial<Credentials> | null
  try {
    value = JSON.parse(text) as Partial<Credentials> | null
  } catch (error) {
    throw new CliError(broken, { ...options, cause: error })
  }
  const { url, key } = value ?? {}
  if (typeof url !== 'string' || !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new CliError(broken, options)
  if (typeof key !== 'string' || !/^[\x21-\x7e]+$/.test(key)) throw new CliError(broken, options)
  return { url: url.replace(/\/$/, ''), key }
}
