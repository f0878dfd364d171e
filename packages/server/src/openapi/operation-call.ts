import type { JsonObject } from '../lib/json-rpc.ts'
import type { BodyKind, PropertyEncoding } from './read-body.ts'
import type { OperationMethod } from './read-operations.ts'
import type { ParameterIn, Style } from './read-parameters.ts'
import type { SecurityChoice } from './read-security.ts'

/** A parameter of an operation and the argument that it gets its value from. */
export interface ParameterBinding {
  readonly argument: string
  readonly name: string
  readonly in: ParameterIn
  readonly style: Style
  readonly explode: boolean
  readonly allowReserved: boolean
  readonly isJson: boolean
  readonly required: boolean
}

export interface BodyBinding {
  readonly mediaType: string
  readonly kind: BodyKind
  readonly required: boolean
  /** Property of the body by argument; undefined where one argument is the whole body. */
  readonly properties: ReadonlyMap<string, string> | undefined
  readonly argument: string
  readonly encodings: Readonly<Record<string, PropertyEncoding>>
  /** Properties that are bytes and travel as base64 in the arguments. */
  readonly binary: ReadonlySet<string>
  /** Properties that a body must have once there is one. */
  readonly needs: readonly string[]
}

/** How a tool call becomes a request: all that is needed of the document once it has been read. */
export interface OperationCall {
  readonly tool: string
  readonly method: OperationMethod
  /** As written, with `{name}` for parameters; begins with `/`. */
  readonly path: string
  /** Of the server that the document names for this operation alone; undefined for the usual one. */
  readonly basePath: string | undefined
  readonly parameters: readonly ParameterBinding[]
  readonly body: BodyBinding | undefined
  readonly accept: string
  readonly security: readonly SecurityChoice[]
  readonly inputSchema: JsonObject
  readonly outputSchema: JsonObject | undefined
  /** The answer is no object and stands under `result` in the structured content. */
  readonly wrapsAnswer: boolean
}

/** A tool as clients see it, and how it is called. */
export interface OpenApiTool {
  readonly name: string
  readonly definition: JsonObject
  readonly call: OperationCall
}
