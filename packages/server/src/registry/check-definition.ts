import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { Definition, DefinitionKind } from './catalog.ts'
import { hashDefinition, type DefinitionHash } from './hash-definition.ts'
import { readParamHeaders } from './read-param-headers.ts'

export const MAX_DEFINITION_BYTES = 65_536
export const MAX_NAME_LENGTH = 128
const MAX_TEMPLATE_LENGTH = 2048
const LONG_DESCRIPTION_BYTES = 4096

/** A blank at either end, or one that is no plain space: nobody can tell such a name from the one without it. */
const STRANGE_BLANK = /^\s|\s$|[^\S ]/u

export const INSTRUCTIONS = 'instructions'

/** A definition that can be stored and shown to a reviewer. */
export interface SoundDefinition extends Definition {
  /** Of its canonical JSON. */
  readonly bytes: number
  /** The rule it breaks: it is shown to the reviewer with it, and can never be approved. */
  readonly violation: string | undefined
  /** For the reviewer alone. */
  readonly remark: string | undefined
}

/** A definition as it was offered, held against the rules that concern it alone. */
export type CheckedDefinition =
  | { readonly kind: 'sound'; readonly definition: SoundDefinition }
  /** Not even stored: it has no usable name, no canonical form, or is too large. */
  | { readonly kind: 'unusable'; readonly name: string; readonly reason: string }

/** The member that names a definition of this kind. */
export function nameOf(kind: DefinitionKind, item: JsonObject): unknown {
  if (kind === 'instructions') return INSTRUCTIONS
  return kind === 'template' ? item['uriTemplate'] : item['name']
}

/**
 * Checks one offered item: a name of at most 128 characters (templates: 2,048) without control characters or
 * hidden blanks, at most
 * 64 KiB of canonical JSON, and the `x-mcp-header` rules. A description over 4 KiB is remarked on.
 */
export function checkDefinition(kind: DefinitionKind, item: unknown): CheckedDefinition {
  if (!isObject(item)) return { kind: 'unusable', name: '(no object)', reason: 'it is not an object' }
  const name = nameOf(kind, item)
  const nameProblem = checkName(kind, name)
  if (nameProblem !== undefined) return { kind: 'unusable', name: shortName(name), reason: nameProblem }
  let hashed: DefinitionHash
  try {
    hashed = hashDefinition(item)
  } catch (error) {
    return { kind: 'unusable', name: shortName(name), reason: (error as Error).message }
  }
  if (hashed.bytes > MAX_DEFINITION_BYTES) {
    return {
      kind: 'unusable',
      name: shortName(name),
      reason: `it is larger than ${MAX_DEFINITION_BYTES} bytes`,
    }
  }
  const found =
    kind === 'tool' ? readParamHeaders(item['inputSchema']) : ({ kind: 'ok', headers: [] } as const)
  const paramHeaders = found.kind === 'ok' ? found.headers : []
  const violation = found.kind === 'violation' ? found.reason : undefined
  const { hash, bytes } = hashed
  return {
    kind: 'sound',
    definition: {
      kind,
      name: name as string,
      hash,
      bytes,
      body: item,
      paramHeaders,
      violation,
      remark: remarkOn(item),
    },
  }
}

/** The instructions of a server, pinned like the rest. */
export function checkInstructions(text: string): CheckedDefinition {
  return checkDefinition('instructions', { text })
}

function checkName(kind: DefinitionKind, name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return 'it has no name'
  const limit = kind === 'template' ? MAX_TEMPLATE_LENGTH : MAX_NAME_LENGTH
  if (name.length > limit) return `its name is longer than ${limit} characters`
  if (/\p{Cc}/u.test(name)) return 'its name holds control characters'
  return STRANGE_BLANK.test(name) ? 'its name holds blanks that cannot be seen' : undefined
}

function remarkOn(item: JsonObject): string | undefined {
  const { description } = item
  const isLong = typeof description === 'string' && Buffer.byteLength(description) > LONG_DESCRIPTION_BYTES
  return isLong ? `its description is longer than ${LONG_DESCRIPTION_BYTES} bytes` : undefined
}

function shortName(name: unknown): string {
  return typeof name === 'string' && name !== ''
    ? name
        .slice(0, 64)
        .toWellFormed()
        .replaceAll(/\p{Cc}/gu, '?')
    : '(no name)'
}
