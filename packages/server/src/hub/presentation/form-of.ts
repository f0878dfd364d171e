import type { Part } from '../../a2a/index.ts'
import { FORMS, MAX_CONVERTED_CHARACTERS, type Content, type Form } from './convert/conversions.ts'
import { essenceOf, readRange, type MediaRange } from './media-range.ts'

const UNKNOWN: MediaRange = { type: 'application', subtype: 'octet-stream', parameters: new Map() }

/** What a part is. */
export function modeOf({ mediaType, text, data }: Part): MediaRange {
  if (mediaType !== undefined && mediaType !== '') return readRange(mediaType) ?? UNKNOWN
  if (text !== undefined) return { ...UNKNOWN, type: 'text', subtype: 'plain' }
  return data === undefined ? UNKNOWN : { ...UNKNOWN, subtype: 'json' }
}

/** Which of the forms that the hub reads it is. */
export function formOf(mode: MediaRange): Form | undefined {
  const essence = essenceOf(mode)
  const known = FORMS.find((form) => form === essence)
  if (known) return known
  if (essence === 'text/x-markdown') return 'text/markdown'
  if (mode.subtype.endsWith('+json')) return 'application/json'
  return mode.type === 'text' && mode.subtype !== '*' ? 'text/plain' : undefined
}

/** What a part says, where the hub can read it; a file elsewhere is not fetched. */
export function contentOf(part: Part): Content | undefined {
  if (part.text !== undefined) return { text: part.text }
  if (part.data !== undefined) return { data: part.data }
  if (part.raw === undefined || part.raw.length > 2 * MAX_CONVERTED_CHARACTERS) return undefined
  return { text: Buffer.from(part.raw, 'base64').toString('utf8') }
}
