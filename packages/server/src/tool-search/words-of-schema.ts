import { isObject } from '../lib/json-rpc.ts'
import { splitWords } from './split-words.ts'

const MAX_DEPTH = 6
const MAX_PROPERTIES = 200

interface SchemaWords {
  readonly names: readonly string[]
  readonly texts: readonly string[]
}

/** The words of a JSON Schema's properties: what they are called, and what is said of them. */
export function wordsOfSchema(schema: unknown): SchemaWords {
  const names: string[] = []
  const texts: string[] = []
  let left = MAX_PROPERTIES
  const visit = (value: unknown, depth: number) => {
    if (!isObject(value) || depth > MAX_DEPTH) return
    for (const text of [value['title'], value['description']])
      if (typeof text === 'string') texts.push(...splitWords(text))
    if (Array.isArray(value['enum']))
      for (const one of value['enum'].slice(0, 50))
        if (typeof one === 'string') texts.push(...splitWords(one))
    const { properties, items } = value
    if (isObject(properties)) {
      for (const [name, property] of Object.entries(properties)) {
        if (--left < 0) return
        names.push(...splitWords(name))
        visit(property, depth + 1)
      }
    }
    visit(items, depth + 1)
  }
  visit(schema, 0)
  return { names, texts }
}
