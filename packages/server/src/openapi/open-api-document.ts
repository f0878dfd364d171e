import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { parsePointer, valueAtSteps } from '../lib/json-pointer.ts'
import { OpenApiProblem } from './open-api-problem.ts'

/** A value of the document and where it stands, so that whatever is wrong with it can be pointed at. */
export interface Place {
  readonly value: unknown
  /** JSON Pointer (RFC 6901). */
  readonly pointer: string
}

/** A place that holds an object. */
export interface ObjectPlace extends Place {
  readonly value: JsonObject
}

const MAX_HOPS = 32

/** A parsed document; references are followed within it alone, whatever it names. */
export class OpenApiDocument {
  readonly root: JsonObject
  readonly version: '3.0' | '3.1'

  constructor(root: JsonObject, version: '3.0' | '3.1') {
    this.root = root
    this.version = version
  }

  at(pointer: string): Place {
    return { value: valueAtSteps(this.root, parsePointer(pointer)), pointer }
  }

  /** The object at a place, its references followed. Throws OpenApiProblem where there is none. */
  object(place: Place): ObjectPlace {
    const { value, pointer } = this.follow(place)
    if (isObject(value)) return { value, pointer }
    throw new OpenApiProblem(pointer, 'Here must be an object')
  }

  /** Follows `$ref` (OpenAPI, Reference Object) until something stands there itself. */
  follow(place: Place): Place {
    let at = place
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      if (!isObject(at.value) || typeof at.value['$ref'] !== 'string') return at
      at = this.target(at.value['$ref'], at.pointer)
    }
    throw new OpenApiProblem(place.pointer, `References lead on more than ${MAX_HOPS} times`)
  }

  /** What a reference points at. `from` is where it stands. */
  target(reference: string, from: string): Place {
    if (!reference.startsWith('#/')) {
      throw new OpenApiProblem(
        from,
        `The reference "${reference.slice(0, 100)}" leads out of the document, and none such is followed`,
      )
    }
    const pointer = decodeFragment(reference.slice(1), from)
    const place = this.at(pointer)
    if (place.value === undefined)
      throw new OpenApiProblem(from, `The reference "${reference.slice(0, 100)}" leads nowhere`)
    return place
  }
}

/** The member of an object, with its place. */
export function member({ value, pointer }: ObjectPlace, name: string): Place {
  return { value: Object.hasOwn(value, name) ? value[name] : undefined, pointer: below(pointer, name) }
}

/** The members of an object that is one; of anything else none. */
export function members({ value, pointer }: Place): readonly (readonly [string, Place])[] {
  if (!isObject(value)) return []
  return Object.entries(value).map(([name, one]) => [name, { value: one, pointer: below(pointer, name) }])
}

/** The items of a list that is one; of anything else none. */
export function items({ value, pointer }: Place): readonly Place[] {
  if (!Array.isArray(value)) return []
  return value.map((one: unknown, at) => ({ value: one, pointer: `${pointer}/${at}` }))
}

/** The pointer one step down (RFC 6901 §3). */
export function below(pointer: string, step: string): string {
  return `${pointer}/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** RFC 6901 §6: a pointer in a URI fragment is percent-encoded. */
function decodeFragment(fragment: string, from: string): string {
  try {
    return decodeURIComponent(fragment)
  } catch {
    throw new OpenApiProblem(from, `The reference "#${fragment.slice(0, 100)}" is not well encoded`)
  }
}
