import { ParleyError } from '@parley/contract'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { AgentQuery } from './agent-search.ts'

const WORDS = { text: 1000, skill: 200, tag: 200, inputMode: 200, outputMode: 200, cursor: 100 } as const
const NAMES = Object.keys(WORDS) as (keyof typeof WORDS)[]

/** JSON Schema of what an agent, or a model, asks the directory: arguments of a tool, or a data part. */
export const AGENT_QUERY_SCHEMA: JsonObject = Object.freeze({
  type: 'object',
  properties: {
    text: {
      type: 'string',
      maxLength: WORDS.text,
      description:
        'What is to be done, in a few words, such as "translate a contract". All agents when absent.',
    },
    skill: {
      type: 'string',
      maxLength: WORDS.skill,
      description: 'Only agents with this skill, by id or name.',
    },
    tag: { type: 'string', maxLength: WORDS.tag, description: 'Only skills with this tag.' },
    inputMode: {
      type: 'string',
      maxLength: WORDS.inputMode,
      description: 'Only skills that take this media type, such as image/*.',
    },
    outputMode: {
      type: 'string',
      maxLength: WORDS.outputMode,
      description: 'Only skills that give this media type, such as application/json.',
    },
    limit: { type: 'integer', minimum: 1, maximum: 50, default: 10 },
    cursor: { type: 'string', maxLength: WORDS.cursor, description: '`next` of the page before.' },
  },
  additionalProperties: false,
})

/** @throws ParleyError `invalid_params` in words that a model can act on. */
export function readAgentQuery(args: JsonObject): AgentQuery {
  const stray = Object.keys(args).find((name) => name !== 'limit' && !NAMES.some((known) => known === name))
  if (stray !== undefined)
    throw new ParleyError(
      'invalid_params',
      `There is no ${JSON.stringify(stray.slice(0, 40))} to ask by; there are ${NAMES.join(', ')} and limit.`,
    )
  const query: Record<string, string | number> = {}
  for (const name of NAMES) {
    const value = Object.hasOwn(args, name) ? args[name] : undefined
    if (value === undefined || value === null) continue
    if (typeof value !== 'string' || value.length > WORDS[name])
      throw new ParleyError('invalid_params', `${name} is a text of at most ${WORDS[name]} characters.`)
    query[name] = value
  }
  const { limit } = args
  if (limit !== undefined && limit !== null) {
    if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1)
      throw new ParleyError('invalid_params', 'limit is a whole number from 1 to 50.')
    query['limit'] = limit
  }
  return query
}
