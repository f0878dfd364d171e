import { hash } from 'node:crypto'
import { canonicalJson } from '../lib/jcs.ts'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { findPaging } from './find-paging.ts'
import { makeInput } from './make-input.ts'
import { makeOutput } from './make-output.ts'
import type { OpenApiDocument } from './open-api-document.ts'
import type { OpenApiTool, OperationCall } from './operation-call.ts'
import { readAnswer } from './read-answer.ts'
import { readBody } from './read-body.ts'
import type { Operation } from './read-operations.ts'
import { readParameters } from './read-parameters.ts'
import { readSecurity } from './read-security.ts'
import type { SchemaLibrary } from './schema-library.ts'
import { readBasePath } from './read-base-path.ts'
import { writeDescription } from './write-description.ts'

export interface ToolMaking {
  readonly document: OpenApiDocument
  /** The origin and path under which the service is called. */
  readonly base: URL
  readonly inputs: SchemaLibrary
  readonly outputs: SchemaLibrary
}

/** Which request a tool stands for. It is part of what is pinned: the same tool for another request is another tool. */
export const OPERATION_META = 'parley/operation'

const DESCRIPTION_CHARACTERS = 2000
const TITLE_CHARACTERS = 100

/**
 * The tool of one operation.
 * @throws OpenApiProblem where the document says something that cannot be called.
 */
export function makeTool(name: string, operation: Operation, making: ToolMaking): OpenApiTool {
  const { document, base, inputs, outputs } = making
  const parameters = readParameters(document, operation)
  const input = makeInput({
    document,
    library: inputs,
    operation,
    parameters,
    body: readBody(document, operation),
  })
  const answer = readAnswer(document, operation)
  const output = makeOutput(document, outputs, answer.schema)
  const call: OperationCall = {
    tool: name,
    method: operation.method,
    path: operation.path,
    basePath: readBasePath(operation, base),
    parameters: input.parameters,
    body: input.body,
    accept: answer.accept,
    security: readSecurity(document, operation),
    inputSchema: input.schema,
    outputSchema: output?.schema,
    wrapsAnswer: output?.wraps ?? false,
  }
  const paging = findPaging(input.parameters)
  const hints = [
    ...(paging.length > 0 ? [`The answer comes in pages; the next ones by: ${paging.join(', ')}.`] : []),
    ...answer.links.map((link) => `Goes on with ${link}.`),
  ]
  const title = writeDescription(operation.place.value['summary'], TITLE_CHARACTERS)
  return {
    name,
    call,
    definition: {
      name,
      ...(title === undefined ? {} : { title }),
      description: describe(operation, hints),
      inputSchema: input.schema,
      ...(output ? { outputSchema: output.schema } : {}),
      annotations: annotate(operation),
      _meta: { [OPERATION_META]: { method: call.method, path: call.path, request: digestOf(call) } },
    },
  }
}

function describe({ place, method, path, deprecated }: Operation, hints: readonly string[]): string {
  const { summary, description } = place.value
  const said = [summary, description].map((text) => writeDescription(text, DESCRIPTION_CHARACTERS))
  const [short, long] = said
  const words =
    short !== undefined && long?.startsWith(short) ? [long] : said.filter((text) => text !== undefined)
  const text = words.length === 0 ? [`${method} ${path}`] : words
  return [...(deprecated ? ['Deprecated.'] : []), ...text, ...hints]
    .join('\n')
    .slice(0, DESCRIPTION_CHARACTERS * 2)
}

/** RFC 9110 §9.2: what is safe reads only, and what is idempotent may be sent again. */
function annotate({ method }: Operation): JsonObject {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return { readOnlyHint: true }
  if (method === 'DELETE') return { readOnlyHint: false, destructiveHint: true, idempotentHint: true }
  return { readOnlyHint: false, ...(method === 'PUT' ? { idempotentHint: true } : {}) }
}

/** Of all that turns arguments into a request and does not stand in the definition itself. */
function digestOf(call: OperationCall): string {
  const { inputSchema: _input, outputSchema: _output, ...rest } = call
  return hash('sha256', canonicalJson(toPlain(rest)), 'base64url')
}

function toPlain(value: unknown): unknown {
  if (value instanceof Map) return [...value]
  if (value instanceof Set) return [...value]
  if (Array.isArray(value)) return value.map(toPlain)
  if (!isObject(value)) return value ?? null
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, toPlain(one)]))
}
