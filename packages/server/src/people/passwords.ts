import { argon2 } from 'node:crypto'
import type { Random } from '../lib/random.ts'
import { equalSecrets } from '../lib/equal-secrets.ts'
import { HashQueue } from './hash-queue.ts'

/** OWASP's first recommendation: 19 MiB, two passes, one lane. */
const MEMORY_KIB = 19_456
const PASSES = 2
const LANES = 1
const SALT_BYTES = 16
const TAG_BYTES = 32
const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/

interface Parameters {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly nonce: Buffer
}

/** Passwords as argon2id (RFC 9106) in PHC strings. The same password typed on two keyboards is the same (NFKC, RFC 8265 §4.2). */
export class Passwords {
  readonly #random: Random
  readonly #queue = new HashQueue()
  /** What a password is held against when there is no account: the work is the same, and nothing matches. */
  readonly #nobody: string

  constructor(random: Random) {
    this.#random = random
    this.#nobody = toPhc(this.#fresh(), Buffer.from(random.bytes(TAG_BYTES)))
  }

  /** Throws `rate_limited` when so many wait that one more would be refused. */
  checkRoom(): void {
    this.#queue.checkRoom()
  }

  async hash(password: string): Promise<string> {
    const parameters = this.#fresh()
    return toPhc(parameters, await this.#derive(password, parameters))
  }

  /** `null` stands for an account that is not there or has no password. */
  async matches(password: string, phc: string | null): Promise<boolean> {
    const [, memory, passes, lanes, salt, tag] = PHC.exec(phc ?? this.#nobody) ?? []
    if (salt === undefined || tag === undefined) throw new Error('a stored password cannot be read')
    const derived = await this.#derive(password, {
      memory: Number(memory),
      passes: Number(passes),
      parallelism: Number(lanes),
      nonce: Buffer.from(salt, 'base64'),
    })
    return equalSecrets(derived, Buffer.from(tag, 'base64')) && phc !== null
  }

  #fresh(): Parameters {
    const nonce = Buffer.from(this.#random.bytes(SALT_BYTES))
    return { memory: MEMORY_KIB, passes: PASSES, parallelism: LANES, nonce }
  }

  #derive(password: string, parameters: Parameters): Promise<Buffer> {
    const message = password.normalize('NFKC')
    return this.#queue.run(
      () =>
        new Promise((resolve, reject) =>
          argon2('argon2id', { ...parameters, message, tagLength: TAG_BYTES }, (error, tag) =>
            error ? reject(error) : resolve(tag),
          ),
        ),
    )
  }
}

function toPhc({ memory, passes, parallelism, nonce }: Parameters, tag: Buffer): string {
  const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(tag)}`
}
