import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { ID_PREFIXES, ParleyError } from '@parley/contract'

/** What a context is called on either side of the hub. */
export interface ContextName {
  readonly ours: string
  readonly foreign: string
}

const PREFIX = `${ID_PREFIXES.context}_`
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Longer ids of clients and agents are refused. */
const MAX_LENGTH = 512
const MARK_LENGTH = 22

/**
 * Names of contexts, without keeping any: an agent's own id is sealed into ours, for its owner alone (H5). The same id is
 * always sealed alike, so that a context has one name. A name that a client made up, or the name of a context at another
 * agent, is given to an agent as a mark that nobody else's name can come to.
 */
export class ContextIds {
  readonly #sealKey: KeyObject
  readonly #nonceKey: KeyObject
  readonly #markKey: KeyObject

  constructor(key: Uint8Array) {
    const derive = (purpose: string) => deriveKey(key, purpose)
    this.#sealKey = derive('context seal')
    this.#nonceKey = derive('context nonce')
    this.#markKey = derive('context mark')
  }

  /** The context that a client names. Throws `task_not_found` for the name of somebody else's. */
  ofClient(owner: string, agent: string, given: string): ContextName {
    if (given.length > MAX_LENGTH)
      throw new ParleyError('invalid_params', `A contextId has at most ${MAX_LENGTH} characters.`)
    if (!given.startsWith(PREFIX)) return { ours: given, foreign: this.#mark(owner, agent, given) }
    const opened = this.#open(owner, given)
    // Whose it is, or whether it is anybody's, is not told.
    if (!opened) throw new ParleyError('task_not_found', 'There is no such context.')
    if (opened.agent === agent) return { ours: given, foreign: opened.foreign }
    return { ours: given, foreign: this.#mark(owner, agent, given) }
  }

  /** Our name for the context that an agent names. */
  ofAgent(owner: string, agent: string, foreign: string): ContextName {
    if (foreign.length > MAX_LENGTH)
      throw new ParleyError('upstream_invalid', 'The agent names its context by too long an id.')
    const plain = Buffer.from(`${agent}\0${foreign}`)
    const aad = Buffer.from(owner)
    // Synthetic: of the text itself, so that the same text is sealed alike and two texts never share a nonce.
    const nonce = createHmac('sha256', this.#nonceKey)
      .update(`${aad.length}:`)
      .update(aad)
      .update(plain)
      .digest()
      .subarray(0, NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#sealKey, nonce).setAAD(aad)
    const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    return { ours: PREFIX + sealed.toString('base64url'), foreign }
  }

  #open(owner: string, ours: string): { agent: string; foreign: string } | undefined {
    const bytes = Buffer.from(ours.slice(PREFIX.length), 'base64url')
    if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#sealKey, bytes.subarray(0, NONCE_BYTES))
    decipher.setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(-TAG_BYTES))
    try {
      const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
      const plain = Buffer.concat([text, decipher.final()]).toString('utf8')
      const cut = plain.indexOf('\0')
      return { agent: plain.slice(0, cut), foreign: plain.slice(cut + 1) }
    } catch {
      // Another owner's, or made up: both mean the same.
      return undefined
    }
  }

  #mark(owner: string, agent: string, name: string): string {
    return markOf(this.#markKey, owner, agent, name)
  }
}

/**
 * A key of its own for one purpose.
 *
 * NOTE: as a key object: given bytes, Node makes one for each use, and that costs more than the use.
 */
export function deriveKey(key: Uint8Array, purpose: string): KeyObject {
  return createSecretKey(createHmac('sha256', key).update(purpose).digest())
}

/** A short name for a list of texts, which says nothing of them. */
export function markOf(key: KeyObject, ...parts: readonly string[]): string {
  let text = ''
  for (const part of parts) text += `${part.length}:${part}`
  return createHmac('sha256', key).update(text).digest('base64url').slice(0, MARK_LENGTH)
}
