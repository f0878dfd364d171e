import { ParleyError } from '@parley/contract'
import { isObject } from '../lib/json-rpc.ts'
import { makeTool } from './make-tool.ts'
import { nameTools } from './name-tools.ts'
import type { OpenApiDocument } from './open-api-document.ts'
import { OpenApiProblem } from './open-api-problem.ts'
import type { OpenApiTool } from './operation-call.ts'
import { readOperations } from './read-operations.ts'
import { SchemaLibrary } from './schema-library.ts'
import { selectOperations, type Selection } from './select-operations.ts'
import type { Translation } from './translation.ts'

export interface TranslateOptions {
  readonly base: URL
  readonly selection: Selection
}

const MAX_OPERATIONS = 5000
const MAX_OMITTED = 20

/** Makes a tool of each operation that is selected. Throws `upstream_invalid` where the document offers too many. */
export function translateDocument(document: OpenApiDocument, options: TranslateOptions): Translation {
  const problems: string[] = []
  const note = (what: string, problem: OpenApiProblem) => void problems.push(`${what}: ${problem.sentence}`)
  const operations = readOperations(document, (problem) => note('a path', problem))
  if (operations.length > MAX_OPERATIONS)
    throw new ParleyError(
      'upstream_invalid',
      `The OpenAPI document has more than ${MAX_OPERATIONS} operations (at #/paths).`,
    )
  const names = nameTools(operations)
  const making = {
    document,
    base: options.base,
    inputs: new SchemaLibrary(document, 'input'),
    outputs: new SchemaLibrary(document, 'output'),
  }
  const tools = new Map<string, OpenApiTool>()
  const wanted = operations.filter(selectOperations(options.selection))
  for (const operation of wanted) {
    const name = names.get(operation)!
    try {
      tools.set(name, makeTool(name, operation, making))
    } catch (error) {
      if (!(error instanceof OpenApiProblem)) throw error
      note(`${operation.method} ${operation.path.slice(0, 100)}`, error)
    }
  }
  const info = document.at('/info').value
  return {
    title: textOf(info, 'title') ?? 'OpenAPI service',
    version: textOf(info, 'version') ?? '0',
    tools,
    omitted:
      problems.length <= MAX_OMITTED
        ? problems
        : [...problems.slice(0, MAX_OMITTED - 1), `and ${problems.length - MAX_OMITTED + 1} more`],
  }
}

function textOf(info: unknown, name: string): string | undefined {
  const value = isObject(info) ? info[name] : undefined
  return typeof value === 'string' && value !== '' ? value.slice(0, 200).toWellFormed() : undefined
}
