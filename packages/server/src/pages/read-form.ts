import type { IncomingMessage } from 'node:http'
import { ParleyError } from '@parley/contract'
import { readBody } from '../http/index.ts'

/** The fields of a form, each once. */
export type Form = ReadonlyMap<string, string>

const FORM_BYTES = 65_536
const MAX_FIELDS = 100

/**
 * Reads an urlencoded body (URL Standard §5.1) of at most 64 KB. Rejects with `ParleyError` for another type, a repeated
 * field, or bytes that are not UTF-8. Never settles when the client goes away first.
 */
export function readForm(request: IncomingMessage): Promise<Form> {
  return new Promise((resolve, reject) => {
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
    if (type !== 'application/x-www-form-urlencoded') {
      reject(
        new ParleyError('unsupported_media_type', 'A form is sent as application/x-www-form-urlencoded.'),
      )
      return
    }
    readBody(request, FORM_BYTES, (error, body) => {
      if (error) return reject(error)
      try {
        resolve(parseForm(body.toString('latin1')))
      } catch (cause) {
        reject(cause as Error)
      }
    })
  })
}

/** Strict where `URLSearchParams` guesses. */
export function parseForm(text: string): Form {
  const form = new Map<string, string>()
  if (text === '') return form
  const pairs = text.split('&', MAX_FIELDS + 1)
  if (pairs.length > MAX_FIELDS) throw unreadable()
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    const name = decode(at === -1 ? pair : pair.slice(0, at))
    if (form.has(name)) throw new ParleyError('invalid_request', 'A field of the form was sent twice.')
    form.set(name, at === -1 ? '' : decode(pair.slice(at + 1)))
  }
  return form
}

function decode(text: string): string {
  try {
    const plain = decodeURIComponent(text.replaceAll('+', ' '))
    if (/[^\x20-\x7e]/.test(text) || plain.includes('\0')) throw unreadable()
    return plain
  } catch {
    throw unreadable()
  }
}

function unreadable(): ParleyError {
  return new ParleyError('invalid_request', 'The form could not be read.')
}
