import { UnfitArgument } from './encode-text.ts'

/** A file, as arguments carry it. */
export function decodeBase64(value: unknown): Buffer {
  if (typeof value === 'string' && BASE64.test(value)) return Buffer.from(value, 'base64')
  throw new UnfitArgument('must be base64')
}

/** RFC 4648 §4 and §5, with or without padding. */
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/
