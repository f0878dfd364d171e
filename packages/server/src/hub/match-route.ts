import { ParleyError } from '@parley/contract'
import { OPERATIONS, V03_METHODS, type A2aVersion, type OperationName } from '../a2a/index.ts'

/** Which operation a method and path of HTTP+JSON mean, with the fields that the path names. */
export interface MatchedRoute {
  readonly operation: OperationName
  readonly fields: Readonly<Record<string, string>>
}

interface Route {
  readonly operation: OperationName
  readonly method: string
  readonly pattern: RegExp
  readonly names: readonly string[]
}

/**
 * `path` follows `/v1` of the agent's address. In 1.0 a tenant may stand before it (`a2a.proto`, additional bindings). Throws
 * `not_found`, and `method_not_allowed` with what is.
 */
export function matchRoute(version: A2aVersion, method: string, path: string): MatchedRoute {
  const candidates = candidatesOf(version, path)
  for (const candidate of candidates) {
    const matched = candidate.matches.find(({ route }) => route.method === method)
    if (!matched) continue
    const { route, values } = matched
    const fields = Object.fromEntries(route.names.map((name, at) => [name, decode(values[at]!)]))
    if (candidate.tenant !== undefined) fields['tenant'] = decode(candidate.tenant)
    return { operation: route.operation, fields }
  }
  const allow = [
    ...new Set(candidates.flatMap(({ matches }) => matches.map(({ route }) => route.method))),
  ].sort()
  if (allow.length > 0)
    throw new ParleyError('method_not_allowed', `Use ${allow.join(' or ')} here.`, { data: { allow } })
  throw nothingHere(version)
}

function candidatesOf(version: A2aVersion, path: string) {
  const plain = { tenant: undefined, matches: matchesOf(version, path) }
  const end = path.indexOf('/', 1)
  if (version === '0.3' || end < 0) return [plain]
  return [plain, { tenant: path.slice(1, end), matches: matchesOf(version, path.slice(end)) }]
}

function matchesOf(version: A2aVersion, path: string): { route: Route; values: readonly string[] }[] {
  return ROUTES[version].flatMap((route) => {
    const found = route.pattern.exec(path)
    return found ? [{ route, values: found.slice(1) }] : []
  })
}

const ROUTES: Readonly<Record<A2aVersion, readonly Route[]>> = {
  '1.0': toRoutes(Object.entries(OPERATIONS).map(([name, { http }]) => [name as OperationName, http])),
  '0.3': toRoutes(
    Object.entries(V03_METHODS).map(([name, { http }]) => [
      name as OperationName,
      [http[0], http[1].slice('/v1'.length)],
    ]),
  ),
}

function toRoutes(
  rows: readonly (readonly [OperationName, readonly [method: string, path: string]])[],
): readonly Route[] {
  const routes = rows.flatMap(([operation, [method, path]]) => {
    // The proto says GET and the text POST (§5.3, §11.3.2), in both versions.
    const methods = operation === 'SubscribeToTask' ? ['GET', 'POST'] : [method]
    return methods.map((each) => toRoute(operation, each, path))
  })
  // An id could end in what is a verb: those with a verb are looked at first.
  return routes.sort((a, b) => Number(hasVerb(b)) - Number(hasVerb(a)))
}

function toRoute(operation: OperationName, method: string, path: string): Route {
  const names: string[] = []
  const source = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    names.push(name)
    return '([^/]+)'
  })
  return { operation, method, pattern: new RegExp(`^${source}$`), names }
}

function hasVerb({ pattern }: Route): boolean {
  return pattern.source.includes(':')
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw new ParleyError('invalid_request', 'The path is not UTF-8.', { cause })
  }
}

function nothingHere(version: A2aVersion): ParleyError {
  const hint = version === '0.3' ? ' A2A 1.0 has more: say A2A-Version: 1.0.' : ''
  return new ParleyError('not_found', `A2A ${version} has no such path.${hint}`)
}
