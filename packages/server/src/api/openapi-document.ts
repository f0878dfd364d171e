import { apiRoutes, type ApiRoute } from '@parley/contract'
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
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: "The administrator's key." } },
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
      schema: { type: 'string', pattern: '^[a-z0-9-]{1,40}$' },
    })),
    ...Object.entries(route.query ?? {}).map(([parameter, description]) => ({
      name: parameter,
      in: 'query',
      description,
      schema: { type: 'integer', minimum: 1 },
    })),
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

/** OpenAPI 3.1 takes JSON Schema 2020-12 as it is. */
function json(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io })
  return { 'application/json': { schema: rest } }
}
