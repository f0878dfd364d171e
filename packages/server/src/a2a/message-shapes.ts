import { ENUMS, MESSAGES, type FieldRow, type MessageName, type MessageRows } from './schema.ts'

export type ScalarKind = 'string' | 'bool' | 'int32' | 'bytes' | 'enum' | 'Struct' | 'Value' | 'Timestamp'

/** What a value is: a scalar or well-known type, or another message. */
export type ValueShape =
  | { readonly kind: Exclude<ScalarKind, 'enum'> }
  | {
      readonly kind: 'enum'
      readonly names: readonly string[]
      readonly numbers: ReadonlyMap<string, number>
    }
  | { readonly kind: 'message'; readonly message: MessageShape }

export interface FieldShape {
  readonly name: string
  /** `snake_case`, as the proto has it: ProtoJSON readers take both. */
  readonly protoName: string
  readonly number: number
  readonly value: ValueShape
  readonly isList: boolean
  readonly isMap: boolean
  readonly isRequired: boolean
  /** Its empty value says something: the last page. */
  readonly mayBeEmpty: boolean
  /** The default value and none at all are two things: `optional`, members of a oneof, messages. */
  readonly hasPresence: boolean
  readonly oneof: string | undefined
  /** Its place among the required fields of its message; -1 where it is none. */
  readonly requiredIndex: number
}

export interface MessageShape {
  readonly name: string
  readonly fields: readonly FieldShape[]
  readonly byName: ReadonlyMap<string, FieldShape>
  readonly byProtoName: ReadonlyMap<string, FieldShape>
  readonly byNumber: ReadonlyMap<number, FieldShape>
  readonly required: readonly FieldShape[]
  /** Each message of the protocol has one oneof at most. */
  readonly oneof: string | undefined
}

/** The table of `schema.ts`, made ready for reading and writing. */
export const SHAPES = shapeMessages(MESSAGES, ENUMS) as Readonly<Record<MessageName, MessageShape>>

interface Draft {
  name: string
  fields: FieldShape[]
  byName: Map<string, FieldShape>
  byProtoName: Map<string, FieldShape>
  byNumber: Map<number, FieldShape>
  required: FieldShape[]
  oneof: string | undefined
}

type Enums = Readonly<Record<string, readonly string[]>>

/** Shapes of a table of messages, which name each other. */
export function shapeMessages(
  messages: Readonly<Record<string, MessageRows>>,
  enums: Enums,
): Readonly<Record<string, MessageShape>> {
  const drafts = new Map<string, Draft>()
  for (const name of Object.keys(messages)) {
    drafts.set(name, {
      name,
      fields: [],
      byName: new Map(),
      byProtoName: new Map(),
      byNumber: new Map(),
      required: [],
      oneof: undefined,
    })
  }
  for (const [name, rows] of Object.entries(messages)) {
    const draft = drafts.get(name)!
    for (const [field, row] of Object.entries(rows))
      addField(draft, field, row, (type) => toValue(type, drafts, enums))
  }
  return Object.fromEntries(drafts)
}

function addField(
  draft: Draft,
  name: string,
  [number, type, rule = '']: FieldRow,
  valueOf: (type: string) => ValueShape,
): void {
  const isList = type.endsWith('[]')
  const isMap = type.startsWith('map<')
  const value = valueOf(isList ? type.slice(0, -2) : isMap ? type.slice(4, -1) : type)
  const isRequired = rule.startsWith('required')
  const oneof = rule.startsWith('one of ') ? rule.slice(7) : undefined
  const isOfMessage = value.kind === 'message' || value.kind === 'Struct' || value.kind === 'Timestamp'
  const field: FieldShape = {
    name,
    protoName: name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    number,
    value,
    isList,
    isMap,
    isRequired,
    mayBeEmpty: rule === 'required, may be empty',
    hasPresence: !isList && !isMap && (rule === 'optional' || oneof !== undefined || isOfMessage),
    oneof,
    requiredIndex: isRequired ? draft.required.length : -1,
  }
  draft.fields.push(field)
  draft.byName.set(name, field)
  if (field.protoName !== name) draft.byProtoName.set(field.protoName, field)
  draft.byNumber.set(number, field)
  if (isRequired) draft.required.push(field)
  if (oneof !== undefined) draft.oneof = oneof
}

function toValue(type: string, drafts: ReadonlyMap<string, Draft>, enums: Enums): ValueShape {
  const names = enums[type]
  if (names !== undefined) {
    return { kind: 'enum', names, numbers: new Map(names.map((name, number) => [name, number])) }
  }
  const message = drafts.get(type)
  if (message !== undefined) return { kind: 'message', message }
  return { kind: type as Exclude<ScalarKind, 'enum'> }
}
