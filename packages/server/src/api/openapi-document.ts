import { PATH_PARAMETERS, apiRoutes, type ApiRoute, type PathParameterName } from '@parley/contract'
import { z } from 'zod'

type Json = Record<string, unknown>

/** RFC 9457, as every refused request is answered. */
const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong and what to do.' },
    code: { type: 'string', description: 'One of the codes in docs/errors.md.' },
  },
}

/** The management API as an OpenAPI 3.1 document, from the contract's table of routes. */
export function openApiDocument(hub: { readonly version: string; readonly origin: string }): Json {
  const paths: Record<string, Json> = {}
  for (const [name, route] of Object.entries<ApiRoute>(apiRoutes)) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Parley management API',
      version: hub.version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: hub.origin }],
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: 'An access token for /api, or the first key of the administrator.',
        },
      },
      schemas: { Problem: PROBLEM },
    },
  }
}

function operation(name: string, route: ApiRoute): Json {
  const parameters = [
    ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => ({
      name: parameter,
      in: 'path',
      required: true,
      schema: { type: 'string', pattern: PATH_PARAMETERS[parameter as PathParameterName].pattern },
    })),
    ...queryParameters(route),
  ]
  return {
    operationId: name,
    summary: route.summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body ? { requestBody: { required: true, content: json(route.body, 'input') } } : {}),
    responses: {
      200: { description: 'Done', content: json(route.response, 'output') },
      default: {
        description: 'Refused or failed; the status stands in docs/errors.md',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

function queryParameters({ query }: ApiRoute): Json[] {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema as z.ZodType, 'output')
    return { name, in: 'query', description, schema: rest }
  })
}

/** OpenAPI 3.1 takes JSON Schema 2020-12 as it is. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}

function json(schema: z.ZodType, io: 'input' | 'output'): Json {
  return { 'application/json': { schema: schemaOf(schema, io) } }
}
