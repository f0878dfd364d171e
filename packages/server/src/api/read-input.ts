import { ParleyError, type ApiRoute } from '@parley/contract'
import type { z } from 'zod'
import { StrictJsonError, parseStrict } from '../lib/strict-json/index.ts'

/** The query of a request, checked; a parameter that is unknown or given twice is refused. */
export function readQuery(url: string, route: ApiRoute): unknown {
  const at = url.indexOf('?')
  const given = new URLSearchParams(at < 0 ? '' : url.slice(at))
  const fields: Record<string, string> = {}
  for (const [name, value] of given) {
    if (!Object.hasOwn(route.query?.shape ?? {}, name))
      throw new ParleyError(
        'invalid_params',
        `There is no query parameter ${JSON.stringify(name.slice(0, 40))} here.`,
      )
    if (Object.hasOwn(fields, name)) throw new ParleyError('invalid_params', `${name} is given twice.`)
    fields[name] = value
  }
  return route.query ? check(fields, route.query, 'The query') : undefined
}

/** The body of a request, checked; undefined where the route takes none. */
export function readJson(body: Buffer, route: ApiRoute): unknown {
  if (!route.body) return undefined
  let value: unknown
  try {
    value = parseStrict(body)
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error
    throw new ParleyError('invalid_json', `The body ${error.message}.`, { cause: error })
  }
  return check(value, route.body, 'The body')
}

function check(value: unknown, schema: z.ZodType, whole: string): unknown {
  const checked = schema.safeParse(value)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  throw new ParleyError(
    'invalid_params',
    `${issue?.path.join('.') || whole}: ${issue?.message ?? 'is not valid'}`,
  )
}
