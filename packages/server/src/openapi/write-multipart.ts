import type { JsonObject } from '../lib/json-rpc.ts'
import { decodeBase64 } from './decode-base64.ts'
import type { BodyBinding } from './operation-call.ts'
import { textOf } from './write-parameter.ts'

const LINE = '\r\n'
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+(?:; ?charset=[\w-]+)?$/

/** A form of parts (RFC 7578): files from base64, objects as JSON, all else as text; each item of a list is a part. */
export function writeMultipart(value: JsonObject, body: BodyBinding, boundary: string): Buffer {
  const chunks: (Buffer | string)[] = []
  for (const [name, one] of Object.entries(value)) {
    if (one === undefined || one === null) continue
    for (const item of Array.isArray(one) ? one : [one]) {
      const { head, content } = writePart(name, item, body)
      chunks.push(`--${boundary}${LINE}${head}${LINE}${LINE}`, content, LINE)
    }
  }
  chunks.push(`--${boundary}--${LINE}`)
  return Buffer.concat(chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)))
}

function writePart(
  name: string,
  value: unknown,
  { binary, encodings }: BodyBinding,
): { head: string; content: Buffer } {
  const given = Object.hasOwn(encodings, name) ? encodings[name]?.contentType : undefined
  const type = given !== undefined && MEDIA_TYPE.test(given) ? given : undefined
  const disposition = `content-disposition: form-data; name="${escape(name)}"`
  if (binary.has(name)) {
    const head = [
      `${disposition}; filename="${escape(name)}"`,
      `content-type: ${type ?? 'application/octet-stream'}`,
    ]
    return { head: head.join(LINE), content: decodeBase64(value) }
  }
  const isNested = typeof value === 'object' && value !== null
  const partType = type ?? (isNested ? 'application/json' : undefined)
  const head = partType === undefined ? disposition : `${disposition}${LINE}content-type: ${partType}`
  return { head, content: Buffer.from(textOf(value)) }
}

/** As browsers escape names (WHATWG HTML, multipart/form-data). */
function escape(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
