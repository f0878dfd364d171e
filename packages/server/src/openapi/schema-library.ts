import type { JsonObject } from '../lib/json-rpc.ts'
import { convertSchema, type Direction } from './convert-schema.ts'
import type { OpenApiDocument, Place } from './open-api-document.ts'
import { plainName } from './plain-name.ts'

/** A schema that stands by itself: what it refers to is in its `$defs`. */
export interface Converted {
  readonly schema: JsonObject
  readonly defs: Readonly<Record<string, JsonObject>>
}

interface Entry {
  readonly schema: JsonObject
  /** Names of the entries it refers to, in their order. */
  readonly refs: readonly string[]
  readonly characters: number
}

/**
 * The schemas that a document's operations refer to, each converted once and known by one name, so that a thousand
 * operations with the same hundred schemas cost no more than those.
 */
export class SchemaLibrary {
  readonly #document: OpenApiDocument
  readonly #direction: Direction
  readonly #names = new Map<string, string>()
  readonly #places = new Map<string, Place>()
  readonly #entries = new Map<string, Entry>()

  constructor(document: OpenApiDocument, direction: Direction) {
    this.#document = document
    this.#direction = direction
  }

  /**
   * Converts the schema at a place. The schemas it refers to follow, the nearest first, as far as the room of
   * `characters` goes; those beyond stand for anything, and the server judges such values alone.
   */
  convert(place: Place, characters: number): Converted {
    const root = this.#convert(place)
    const defs: Record<string, JsonObject> = {}
    let left = characters - root.characters
    const waiting = [...root.refs]
    const seen = new Set(waiting)
    for (let at = 0; at < waiting.length; at++) {
      const name = waiting[at]!
      const entry = this.#entry(name)
      left -= entry.characters + name.length + 4
      if (left < 0) {
        defs[name] = {}
        continue
      }
      defs[name] = entry.schema
      for (const ref of entry.refs) {
        if (seen.has(ref)) continue
        seen.add(ref)
        waiting.push(ref)
      }
    }
    return { schema: root.schema, defs }
  }

  #entry(name: string): Entry {
    const known = this.#entries.get(name)
    if (known) return known
    const entry = this.#convert(this.#places.get(name)!)
    this.#entries.set(name, entry)
    return entry
  }

  #convert(place: Place): Entry {
    const refs = new Set<string>()
    const schema = convertSchema(place, {
      document: this.#document,
      direction: this.#direction,
      refer: (target) => {
        const name = this.#nameOf(target)
        refs.add(name)
        return name
      },
    })
    return { schema, refs: [...refs], characters: JSON.stringify(schema).length }
  }

  #nameOf(target: Place): string {
    const known = this.#names.get(target.pointer)
    if (known !== undefined) return known
    const wanted = plainName(target.pointer.slice(target.pointer.lastIndexOf('/') + 1), 64) || 'schema'
    let name = wanted
    for (let count = 2; this.#places.has(name); count++) name = `${wanted}_${count}`
    this.#names.set(target.pointer, name)
    this.#places.set(name, target)
    return name
  }
}
