import { parseExact } from './parse-exact.ts'
import { Scanner } from './scanner.ts'

/**
 * Parses a JSON text that comes from outside. Throws `StrictJsonError` for anything that is not JSON (RFC 8259) or
 * that two parsers could read differently: see `Scanner`; numbers as by `parseExact`. The size is the caller's to limit.
 */
export function parseStrict(bytes: Buffer): unknown {
  new Scanner(bytes).run()
  return parseExact(bytes.toString('utf8'))
}
