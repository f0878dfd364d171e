import type { PresentationNeeds } from '@parley/contract'
import { CliError } from '../cli-error.ts'
import { columns } from '../columns.ts'
import { listOf, textOf, type Answer, type Command, type Given } from '../command.ts'
import { readAction } from '../read-action.ts'

const USAGE = [
  'presentation show',
  'presentation set [--language TAGS] [--format TYPE…] …',
  'presentation clear',
]
const ACTIONS = { list: 0, show: 0, set: 0, clear: 0 } as const
const PATH = '/api/me/presentation'

export const presentation: Command = {
  usage: USAGE,
  summary: 'How agents are to put their answers to you: language, format, wording, what you see and hear.',
  about: [
    'Agents that can are told it with your messages, and nobody else. set says all of it anew.',
    'What an agent cannot, the hub does where it can, and says what stayed undone.',
  ],
  options: {
    language: { type: 'string', value: 'TAGS', about: 'The best first: de-CH, de;q=0.9, en;q=0.5' },
    format: {
      type: 'string',
      multiple: true,
      value: 'TYPE',
      about: 'A media type such as text/plain or audio/*; the best first.',
    },
    short: { type: 'boolean', about: 'Short answers.' },
    level: { type: 'string', value: 'LEVEL', about: 'plain, standard or expert.' },
    access: {
      type: 'string',
      multiple: true,
      value: 'NEED',
      about: 'screenReader, captions, altText or reducedMotion.',
    },
    background: { type: 'string', value: 'WORDS', about: 'What you know already, at most 500 characters.' },
  },
  async run(given) {
    const { action } = readAction(given.positionals, USAGE, ACTIONS)
    const hub = given.hub()
    if (action === 'set') return described((await hub.api('PUT', PATH, needsOf(given))) as PresentationNeeds)
    if (action === 'clear') return described((await hub.api('PUT', PATH, {})) as PresentationNeeds)
    return described((await hub.api('GET', PATH)) as PresentationNeeds)
  },
}

/** As typed: the hub says what is wrong with it. */
function needsOf(given: Given): Record<string, unknown> {
  const language = textOf(given, 'language')
  const formats = listOf(given, 'format')
  const readingLevel = textOf(given, 'level')
  const accessibility = listOf(given, 'access')
  const background = textOf(given, 'background')
  const needs = {
    ...(language !== undefined && { language }),
    ...(formats.length > 0 && { formats }),
    ...(given.values['short'] === true && { length: 'short' }),
    ...(readingLevel !== undefined && { readingLevel }),
    ...(accessibility.length > 0 && { accessibility }),
    ...(background !== undefined && { background }),
  }
  if (Object.keys(needs).length === 0)
    throw new CliError('Say what is needed.', {
      hint: '--language de, --format text/plain, --access screenReader',
    })
  return needs
}

function described(needs: PresentationNeeds): Answer {
  const rows = Object.entries(needs).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : String(value),
  ])
  return { value: needs, text: columns(rows) || 'Nothing is said: answers come as agents put them.' }
}
