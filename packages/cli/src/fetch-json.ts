import { isObject } from './read-response.ts'
import { ask, type Reply } from './ask.ts'

/** A JSON object that a URL gave, or why there is none, for people. */
export type Document =
  | {
      readonly kind: 'document'
      readonly value: Readonly<Record<string, unknown>>
      readonly notes: readonly string[]
    }
  | { readonly kind: 'none'; readonly why: string }

/** Asks for a JSON document; no redirect is followed, nothing is sent along. */
export async function fetchJson(url: URL): Promise<Document> {
  return readJson(await ask(url, { method: 'GET', headers: { accept: 'application/json' } }))
}

export function readJson(reply: Reply): Document {
  if (reply.kind === 'none') return { kind: 'none', why: reply.message }
  const { status, text, contentType } = reply
  if (status >= 300 && status < 400)
    return { kind: 'none', why: `HTTP ${status}, a redirect to ${shown(reply.headers.get('location'))}` }
  if (status < 200 || status > 299) return { kind: 'none', why: `HTTP ${status}` }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'none', why: `HTTP ${status} with ${contentType || 'no content type'}, which is no JSON` }
  }
  if (!isObject(value)) return { kind: 'none', why: 'JSON that is no object' }
  const isJson = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType)
  const notes = isJson ? [] : [`its content type is ${shown(contentType)} instead of application/json`]
  return { kind: 'document', value, notes }
}

/** What a stranger wrote, short enough for a line. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

export function listOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
}
