import { knows, type SessionRevision } from '@parley/contract'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'

interface Question {
  readonly method: string
  readonly params?: JsonObject
}

/** What a server asks as the client's revision can be asked it, or in words why it cannot. */
export function toClientQuestion(revision: SessionRevision, question: Question): Question | string {
  if (question.method !== 'elicitation/create' || knows(revision, 'choices')) return question
  const { mode: _mode, requestedSchema: schema, ...rest } = question.params ?? {}
  const properties = isObject(schema) && isObject(schema['properties']) ? schema['properties'] : undefined
  if (!isObject(schema) || !properties) return question
  const required: readonly unknown[] = Array.isArray(schema['required']) ? schema['required'] : []
  const known: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(properties)) {
    if (isObject(property) && property['type'] !== 'array') known[name] = toOlderProperty(property)
    else if (required.includes(name)) return `The client's revision ${revision} has no multiple choices.`
  }
  return {
    ...question,
    params: { ...rest, requestedSchema: { ...schema, properties: known } },
  }
}

/** A choice with titles has them in `enumNames`, and only booleans have a default (MCP 2025-06-18, EnumSchema). */
function toOlderProperty(property: JsonObject): JsonObject {
  const { default: preset, oneOf, ...rest } = property
  const own = rest['type'] === 'boolean' && preset !== undefined ? { ...rest, default: preset } : rest
  if (!Array.isArray(oneOf)) return own
  const choices = oneOf.filter(isObject)
  return {
    ...own,
    enum: choices.map((choice) => choice['const']),
    enumNames: choices.map((choice) => choice['title'] ?? choice['const']),
  }
}
