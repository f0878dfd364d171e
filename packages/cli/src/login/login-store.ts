import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { CliError } from '../cli-error.ts'
import { isObject } from '../read-response.ts'

/** Tokens for one resource of a hub. */
export interface Tokens {
  readonly accessToken: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  readonly refreshToken: string | null
}

/** A hub that somebody is signed in to. */
export interface Login {
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly revocationEndpoint: string | null
  /** By resource identifier (RFC 8707). */
  readonly tokens: Readonly<Record<string, Tokens>>
}

interface Logins {
  /** The hub of the last sign-in. */
  readonly current: string | null
  readonly hubs: Readonly<Record<string, Login>>
}

const FILE = 'logins.json'
const LOCK = `${FILE}.lock`
const OTHERS = 0o077
const LOCK_WAIT_MS = 50
const LOCK_LIMIT_MS = 15_000
/** Longer than a refresh may take; whoever holds a lock for longer was killed. */
const LOCK_STALE_MS = 30_000
const NONE: Logins = { current: null, hubs: {} }

/** Who is signed in where: a file that only its owner may read, changed by one process at a time. */
export class LoginStore {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** The hub of the last sign-in. */
  current(): string | undefined {
    return this.#read().current ?? undefined
  }

  find(hub: string): Login | undefined {
    const { hubs } = this.#read()
    return Object.hasOwn(hubs, hub) ? hubs[hub] : undefined
  }

  /** Runs alone among all processes of this person; what it answers is written, undefined takes the login away. */
  async change(
    hub: string,
    decide: (login: Login | undefined) => Promise<Login | undefined>,
  ): Promise<Login | undefined> {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
    const unlock = await this.#lock()
    try {
      const before = this.#read()
      const next = await decide(Object.hasOwn(before.hubs, hub) ? before.hubs[hub] : undefined)
      const { [hub]: _old, ...others } = before.hubs
      const hubs = next ? { ...others, [hub]: next } : others
      const current = next ? hub : before.current === hub ? null : before.current
      this.#write({ current, hubs })
      return next
    } finally {
      unlock()
    }
  }

  async #lock(): Promise<() => void> {
    const file = join(this.#directory, LOCK)
    const deadline = performance.now() + LOCK_LIMIT_MS
    while (performance.now() < deadline) {
      try {
        closeSync(openSync(file, 'wx', 0o600))
        return () => rmSync(file, { force: true })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(file, error)
      }
      const sinceMs = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
      if (sinceMs > LOCK_STALE_MS) rmSync(file, { force: true })
      else await wait(LOCK_WAIT_MS)
    }
    throw new CliError('Another parley command holds the sign-ins.', {
      code: 'credentials',
      hint: `If none runs, remove ${file}.`,
    })
  }

  #read(): Logins {
    const file = join(this.#directory, FILE)
    let descriptor: number
    try {
      descriptor = openSync(file, 'r')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NONE
      throw new CliError(`${file} cannot be read.`, { code: 'credentials', cause: error })
    }
    try {
      if (process.platform !== 'win32' && (fstatSync(descriptor).mode & OTHERS) !== 0)
        throw new CliError(`${file} is open to others than its owner.`, {
          code: 'credentials',
          hint: `Run \`chmod 600 ${file}\` first.`,
        })
      return parse(readFileSync(descriptor, 'utf8'), file)
    } finally {
      closeSync(descriptor)
    }
  }

  #write(logins: Logins): void {
    const file = join(this.#directory, FILE)
    try {
      writeFileSync(`${file}.new`, `${JSON.stringify(logins)}\n`, { mode: 0o600 })
      renameSync(`${file}.new`, file)
    } catch (error) {
      throw unwritable(file, error)
    }
  }
}

function parse(text: string, file: string): Logins {
  const damaged = new CliError(`${file} is damaged.`, {
    code: 'credentials',
    hint: 'Remove it and sign in again: parley login',
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw damaged
  }
  if (!isObject(value) || !isObject(value['hubs'])) throw damaged
  return value as unknown as Logins
}

function unwritable(file: string, cause: unknown): CliError {
  return new CliError(`${file} cannot be written.`, { code: 'credentials', cause })
}
