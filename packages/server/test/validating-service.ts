import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import addFormats from 'ajv-formats'
import { OpenAPIBackend, type Context, type Document } from 'openapi-backend'
import { sampleValue } from './sample-value.ts'

export interface ValidatingService extends AsyncDisposable {
  readonly origin: string
  /** What was asked for, by operation. */
  readonly seen: Map<string, number>
  /** Requests that do not fit the document, or are none of its operations. */
  readonly refused: string[]
}

/**
 * A stand-in for a real service: an independent implementation of OpenAPI matches each request with the document, holds
 * path, query, headers and body against it, and answers with what the document says an answer looks like.
 */
export async function startValidatingService(
  definition: Document,
  apiRoot: string,
): Promise<ValidatingService> {
  const seen = new Map<string, number>()
  const refused: string[] = []
  const api = new OpenAPIBackend({
    definition: withoutStrayReferences(looseChoices(nameAll(definition))) as Document,
    apiRoot: apiRoot === '' ? '/' : apiRoot,
    quick: true,
    validate: true,
    ajvOpts: { strict: false, validateFormats: false, unicodeRegExp: false },
    customizeAjv: (ajv) => addFormats.default(ajv as never) as never,
    handlers: {
      notFound: ({ request }: Context) => refuse(`${request.method} ${request.path} is no operation`),
      methodNotAllowed: ({ request }: Context) => refuse(`${request.method} ${request.path} is no operation`),
      validationFail: ({ request, operation, validation }: Context) =>
        refuse(
          `${request.method} ${request.path} (${operation.operationId}): ${JSON.stringify(validation.errors?.slice(0, 2))}`,
        ),
      notImplemented({ operation }: Context) {
        const id = operation.operationId!
        seen.set(id, (seen.get(id) ?? 0) + 1)
        return answerOf(definition, operation as any)
      },
    },
  })
  await api.init()

  function refuse(why: string) {
    refused.push(why)
    return { status: 400, mock: { message: why } }
  }

  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const [path = '', query = ''] = (req.url ?? '').split('?')
      const headers = req.headers as Record<string, string>
      const body = Buffer.concat(chunks).toString()
      api
        .handleRequest({ method: req.method ?? '', path, query, headers, ...(body === '' ? {} : { body }) })
        .then(
          ({ status, mock }: { status: number; mock: unknown }) => {
            const isEmpty = status === 204 || status === 304 || mock === undefined || req.method === 'HEAD'
            res.writeHead(
              status >= 300 && status < 400 ? 200 : status,
              isEmpty ? {} : { 'content-type': 'application/json' },
            )
            res.end(isEmpty ? undefined : JSON.stringify(mock))
          },
          (error: unknown) => {
            refused.push(`${req.method} ${req.url}: ${String(error)}`)
            res.writeHead(500).end()
          },
        )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    refused,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The first answer of success, with the document's example of it or one that is made up. */
function answerOf(root: any, operation: any): { status: number; mock: unknown } {
  const status = Object.keys(operation.responses ?? {}).find((one) => /^2\d\d$/.test(one)) ?? '200'
  const media: any = Object.entries<any>(operation.responses?.[status]?.content ?? {}).find(([type]) =>
    type.includes('json'),
  )?.[1]
  if (!media) return { status: Number(status), mock: undefined }
  const [example] = Object.values<any>(media.examples ?? {})
  const given = media.example ?? example?.value
  return { status: Number(status), mock: given ?? sampleValue(media.schema ?? {}, { all: true, root }) }
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options']

/** The stand-in knows operations by their ids alone. */
function nameAll(definition: Document): Document {
  for (const [path, item] of Object.entries<any>(definition.paths ?? {})) {
    for (const method of METHODS) {
      if (item[method] && item[method].operationId === undefined)
        item[method].operationId = `${method} ${path}`
    }
  }
  return definition
}

/** A parameter is text on its way: that `1` is a number and a string too is no fault of the request. */
function looseChoices(definition: any): any {
  const components: any[] = Object.values(definition.components?.parameters ?? {})
  const items = Object.values<any>(definition.paths).flatMap((item) => [item, ...Object.values<any>(item)])
  for (const parameter of [...components, ...items.flatMap((item) => item?.parameters ?? [])]) {
    const { schema } = parameter
    if (schema?.oneOf) parameter.schema = { ...schema, oneOf: undefined, anyOf: schema.oneOf }
  }
  return definition
}

/** Examples hold `$ref` as data, which the stand-in would follow. */
function withoutStrayReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutStrayReferences)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(
    ([key, one]) => key !== '$ref' || typeof one !== 'string' || one.startsWith('#/'),
  )
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutStrayReferences(one)]))
}
