import { ParleyError, type ConnectionId } from '@parley/contract'
import type { Sealer } from '../sealing/index.ts'
import type { ConnectionSecret } from './connection.ts'
import type { ConnectionStore } from './connection-store.ts'

/** Secrets that are kept opened; the one that was opened first is dropped for the next. */
const MAX_OPENED = 1000

export interface OpenedSecret {
  readonly secret: ConnectionSecret
  /** Its headers as `name: value\r\n` lines. */
  readonly lines: string
}

/** The secrets of connections in use, opened once. */
export class OpenedSecrets {
  readonly #rows: Pick<ConnectionStore, 'sealed' | 'placeOf'>
  readonly #sealer: Pick<Sealer, 'open'>
  readonly #opened = new Map<ConnectionId, OpenedSecret>()

  constructor(rows: Pick<ConnectionStore, 'sealed' | 'placeOf'>, sealer: Pick<Sealer, 'open'>) {
    this.#rows = rows
    this.#sealer = sealer
  }

  /** Throws `forbidden` when the connection has ended. */
  get(id: ConnectionId): OpenedSecret {
    return this.#opened.get(id) ?? this.#open(id)
  }

  forget(id: ConnectionId): void {
    this.#opened.delete(id)
  }

  #open(id: ConnectionId): OpenedSecret {
    const row = this.#rows.sealed(id)
    if (!row) throw new ParleyError('forbidden', 'The connection to this server has ended.')
    const text = this.#sealer.open(row.secret, this.#rows.placeOf(row.connection)).toString('utf8')
    const secret = JSON.parse(text) as ConnectionSecret
    const lines = Object.entries(secret.headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')
    const opened: OpenedSecret = { secret, lines }
    if (this.#opened.size >= MAX_OPENED) this.#opened.delete(this.#opened.keys().next().value!)
    this.#opened.set(id, opened)
    return opened
  }
}
