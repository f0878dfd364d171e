import {
  PATH_PARAMETERS,
  apiRoutes,
  type ApiRoute,
  type ApiRouteName,
  type PathParameterName,
} from '@parley/contract'

export interface Match {
  readonly name: ApiRouteName
  readonly route: ApiRoute
  readonly parameters: Readonly<Record<string, string>>
}

type Segment = string | { readonly name: string; readonly pattern: RegExp }

/** The route of a method and path, undefined when there is none; a parameter that is none of its kind is no route. */
export function matchRoute(method: string, path: string): Match | undefined {
  const segments = path.split('/')
  for (const { name, route, wanted } of ROUTES) {
    if (route.method !== method || wanted.length !== segments.length) continue
    const parameters: Record<string, string> = {}
    const fits = wanted.every((part, at) => {
      const given = segments[at]!
      if (typeof part === 'string') return part === given
      parameters[part.name] = given
      return part.pattern.test(given)
    })
    if (fits) return { name, route, parameters }
  }
  return undefined
}

const ROUTES = Object.entries<ApiRoute>(apiRoutes).map(([name, route]) => ({
  name: name as ApiRouteName,
  route,
  wanted: route.path.split('/').map(toSegment),
}))

function toSegment(part: string): Segment {
  if (!part.startsWith('{')) return part
  const name = part.slice(1, -1)
  return { name, pattern: new RegExp(PATH_PARAMETERS[name as PathParameterName].pattern) }
}
