import { execFile } from 'node:child_process'
import { KEY_BYTES, toMasterKey, type MasterKey } from './master-key.ts'
import { readKeyFile, writeKeyFile } from './key-file.ts'

/** Where the master key comes from: keys in base64, the one that seals first, those before it behind. */
export type KeyPlace =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'environment'; readonly text: string }
  | {
      readonly kind: 'command'
      readonly program: string
      readonly args: readonly string[]
      readonly environment: Readonly<Record<string, string>>
    }

export interface KeySource {
  /** In words for people, without the key. */
  readonly name: string
  /** Undefined when there is none yet. Throws when it cannot be read, or holds something else. */
  read(): Promise<readonly [MasterKey, ...MasterKey[]] | undefined>
  /** Keeps these from now on, on disk once it returns; absent where others keep the key. */
  write?(keys: readonly Uint8Array[]): void
  /** The bytes of what was read last, for `write`. */
  readonly bytes: readonly Uint8Array[]
}

/** A key is in use until everything under it was sealed anew; nobody needs more at one time. */
export const MAX_KEYS = 8
const COMMAND_TIMEOUT_MS = 10_000
const COMMAND_OUTPUT_BYTES = 4096
const NAMES = { environment: 'PARLEY_MASTER_KEY', command: 'The command for the master key' } as const

export function createKeySource(place: KeyPlace): KeySource {
  const name = place.kind === 'file' ? place.file : NAMES[place.kind]
  let bytes: readonly Uint8Array[] = []
  return {
    name,
    get bytes() {
      return bytes
    },
    async read() {
      const text = await textOf(place)
      if (text === undefined) return undefined
      bytes = parseKeys(text, name)
      const [first, ...others] = bytes.map(toMasterKey)
      return [first!, ...others]
    },
    ...(place.kind === 'file' && {
      write(keys: readonly Uint8Array[]) {
        writeKeyFile(place.file, keys.map((key) => Buffer.from(key).toString('base64')).join('\n'))
        bytes = keys
      },
    }),
  }
}

async function textOf(place: KeyPlace): Promise<string | undefined> {
  if (place.kind === 'file') return readKeyFile(place.file)
  return place.kind === 'environment' ? place.text : runCommand(place)
}

/** Without a shell, and with nothing of what it says in any error: it may be the key. */
function runCommand({ program, args, environment }: Extract<KeyPlace, { kind: 'command' }>): Promise<string> {
  const options = { env: environment, timeout: COMMAND_TIMEOUT_MS, maxBuffer: COMMAND_OUTPUT_BYTES }
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, options, (error, stdout) => {
      if (!error) return resolve(stdout)
      const why = error.killed ? `took longer than ${COMMAND_TIMEOUT_MS / 1000} s` : `failed (${error.code})`
      reject(new Error(`${NAMES.command}, ${program}, ${why}.`))
    })
    child.stdin?.end()
  })
}

function parseKeys(text: string, name: string): Uint8Array[] {
  const keys = text
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .map((word) => Buffer.from(word, 'base64'))
  if (keys.length > 0 && keys.length <= MAX_KEYS && keys.every(({ length }) => length === KEY_BYTES))
    return keys
  throw new Error(
    `${name} does not hold a key of ${KEY_BYTES} bytes in base64 (\`openssl rand -base64 ${KEY_BYTES}\`), and at most ${MAX_KEYS - 1} before it.`,
  )
}
