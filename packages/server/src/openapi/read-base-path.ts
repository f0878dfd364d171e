import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import { items } from './open-api-document.ts'
import { OpenApiProblem } from './open-api-problem.ts'
import type { Operation } from './read-operations.ts'

/**
 * The base path of an operation that the document places at a server of its own; undefined for the usual one. What
 * stands at another origin is not called: only the one that an administrator named is.
 */
export function readBasePath({ servers }: Operation, base: URL): string | undefined {
  if (servers === undefined) return undefined
  const [first] = items(servers)
  if (!first || !isObject(first.value)) return undefined
  const url = fillVariables(first.value)
  const target = url === undefined ? null : URL.parse(url, base.href)
  if (!target || target.origin !== base.origin) {
    const where = url?.slice(0, 100) ?? 'somewhere else'
    throw new OpenApiProblem(first.pointer, `The operation is at ${where}, not at ${base.origin}`)
  }
  return target.pathname
}

/** OpenAPI, Server Object: variables stand for their defaults. */
function fillVariables({ url, variables }: JsonObject): string | undefined {
  if (typeof url !== 'string') return undefined
  return url.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    const variable = isObject(variables) && Object.hasOwn(variables, name) ? variables[name] : undefined
    return isObject(variable) && typeof variable['default'] === 'string' ? variable['default'] : whole
  })
}
