import type { SqlValue, Statement, TextRows, Unit } from './unit.ts'

/**
 * A unit on its way to the writer's thread: its number, then its parts. Lists, and each text of SQL sent once, because
 * copying names and SQL took longer than writing the rows.
 */
export type WireUnit = readonly [id: number, ...parts: WirePart[]]
type WirePart = readonly [sql: number | string, expects: boolean, ...parameters: WireValue[]] | TextRows
/** Bytes are a list of one text of single bytes: a view would take the whole memory under it along. */
type WireValue = SqlValue | readonly [string]

/** Texts of SQL that have numbers; what comes after goes as it is. */
const MAX_TEXTS = 500
/** Above it bytes go as they are: then they have memory of their own. */
const MAX_TEXT_BYTES = 16_384

/** The event loop's side. */
export class UnitEncoder {
  readonly #numbers = new Map<string, number>()

  encode(id: number, unit: Unit): WireUnit {
    return [id, ...unit.map((part) => ('texts' in part ? part : this.#encode(part)))]
  }

  #encode({ sql, parameters, expect }: Statement): WirePart {
    return [this.#numberOf(sql), expect === 'changed', ...parameters.map(encodeValue)]
  }

  #numberOf(sql: string): number | string {
    const number = this.#numbers.get(sql)
    if (number !== undefined) return number
    if (this.#numbers.size < MAX_TEXTS) this.#numbers.set(sql, this.#numbers.size)
    return sql
  }
}

/** The thread's side: texts come in the order in which they were given numbers. */
export class UnitDecoder {
  readonly #texts: string[] = []

  decode([, ...parts]: WireUnit): Unit {
    return parts.map((part) => ('texts' in part ? part : this.#decode(part)))
  }

  #decode([sql, expects, ...parameters]: Exclude<WirePart, TextRows>): Statement {
    const text = typeof sql === 'number' ? this.#texts[sql]! : sql
    if (typeof sql === 'string' && this.#texts.length < MAX_TEXTS) this.#texts.push(sql)
    const values = parameters.map(decodeValue)
    return expects ? { sql: text, parameters: values, expect: 'changed' } : { sql: text, parameters: values }
  }
}

function encodeValue(value: SqlValue): WireValue {
  if (!(value instanceof Uint8Array) || value.length > MAX_TEXT_BYTES) return value
  return [Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1')]
}

function decodeValue(value: WireValue): SqlValue {
  return Array.isArray(value) ? Buffer.from(value[0] as string, 'latin1') : (value as SqlValue)
}
