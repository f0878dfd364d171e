import { problem } from './metadata-problem.ts'
import type { MetadataProblem } from './metadata-problem.ts'

const MAX_URI_LENGTH = 2048
const UNSAFE = /[^\x21-\x7e]|[\\"<>^`{|}]/

/** An address that people may be shown and nothing of ours opens: https with a host, no user info. */
export function checkWebUri(name: string, value: unknown): string | MetadataProblem {
  const isPlain = typeof value === 'string' && value.length <= MAX_URI_LENGTH && !UNSAFE.test(value)
  if (!isPlain || !/^https:\/\/[^/?#@]+(?:[/?#]|$)/.test(value) || !URL.canParse(value))
    return problem(`${name} must be an https URL of at most ${MAX_URI_LENGTH} characters.`)
  return value
}
