import { isRawNumber } from '../lib/exact-numbers.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { decodeBase64 } from './decode-base64.ts'
import { UnfitArgument } from './encode-text.ts'
import type { BodyBinding } from './operation-call.ts'
import { writeMultipart } from './write-multipart.ts'
import { textOf, writeQueryValue } from './write-parameter.ts'

export interface EncodedBody {
  readonly contentType: string
  readonly bytes: Buffer
}

/** The body of a request in the operation's media type; `boundary` is used where parts need one. */
export function encodeBody(value: unknown, body: BodyBinding, boundary: () => string): EncodedBody {
  const { mediaType } = body
  switch (body.kind) {
    case 'json':
      return { contentType: mediaType, bytes: Buffer.from(JSON.stringify(value)) }
    case 'form':
      return { contentType: mediaType, bytes: Buffer.from(encodeForm(asObject(value), body)) }
    case 'multipart': {
      const edge = boundary()
      const bytes = writeMultipart(asObject(value), body, edge)
      return { contentType: `multipart/form-data; boundary=${edge}`, bytes }
    }
    case 'text':
      return {
        contentType: mediaType,
        bytes: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
      }
    case 'binary':
      return { contentType: mediaType, bytes: decodeBase64(value) }
  }
}

/** OpenAPI, Encoding Object: by a style as query parameters are, or each value by itself, objects as JSON. */
function encodeForm(value: JsonObject, { encodings }: BodyBinding): string {
  return Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .flatMap(([name, one]) => {
      const encoding = Object.hasOwn(encodings, name) ? encodings[name] : undefined
      const isNested = typeof one === 'object' && one !== null && !isRawNumber(one)
      const isStyled = encoding?.style !== undefined || !isNested || Array.isArray(one)
      const form = {
        name,
        style: encoding?.style ?? ('form' as const),
        explode: encoding?.explode ?? true,
        allowReserved: false,
        isJson: !isStyled,
      }
      // A form says null as an empty value; left out it would mean something else.
      return one === null ? writeQueryValue('', form) : writeQueryValue(one, form)
    })
    .join('&')
}

function asObject(value: unknown): JsonObject {
  if (isObject(value)) return value
  throw new UnfitArgument(`must be an object, not ${textOf(value).slice(0, 20)}`)
}
