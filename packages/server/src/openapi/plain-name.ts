import { hash } from 'node:crypto'

/** Room for what tells two long names apart. */
const DIGEST_LENGTH = 8

/**
 * A name of letters, digits, `_` and `-`, as every client takes it (MCP 2026-07-28, Tool Names, allows dots too, which
 * some models do not). A longer one ends in a digest of the whole.
 */
export function plainName(text: string, maxLength: number): string {
  const plain = text.replaceAll(/[^A-Za-z0-9_-]+/g, '_').replaceAll(/^_+|_+$/g, '')
  if (plain.length <= maxLength) return plain
  const digest = hash('sha256', text, 'hex').slice(0, DIGEST_LENGTH)
  return `${plain.slice(0, maxLength - DIGEST_LENGTH - 1)}_${digest}`
}
