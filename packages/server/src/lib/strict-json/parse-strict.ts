import { AT } from './fields.ts'
import { parseExactly } from '../exact-numbers.ts'
import { textScanner } from './text-scanner.ts'

/**
 * Parses a JSON text that comes from outside. Throws `StrictJsonError` for anything that is not JSON (RFC 8259) or
 * that two parsers could read differently: see `TextScanner`; numbers as by `parseExactly`. The size is the caller's
 * to limit.
 */
export function parseStrict(bytes: Buffer): unknown {
  textScanner(bytes.length).scan(bytes, AT.nowhere)
  return parseExactly(bytes.toString('utf8'))
}
