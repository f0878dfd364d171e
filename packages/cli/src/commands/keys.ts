import type { KeysView } from '@parley/contract'
import { columns, when } from '../columns.ts'
import type { Answer, Command } from '../command.ts'
import { readAction } from '../read-action.ts'

const USAGE = ['keys list', 'keys rotate [--now]', 'keys retire-bootstrap']
const ACTIONS = { list: 0, rotate: 0, 'retire-bootstrap': 0 } as const

export const keys: Command = {
  usage: USAGE,
  summary: "The keys that sign tokens, and the administrator's first key: rotate, retire.",
  options: {
    now: {
      type: 'boolean',
      about: 'With rotate: also while others may not have seen the next key, such as after a leak.',
    },
  },
  async run({ positionals, values, hub, confirm }) {
    const { action } = readAction(positionals, USAGE, ACTIONS)
    if (action === 'list') return described((await hub().api('GET', '/api/keys')) as KeysView)
    if (action === 'rotate') {
      const now = values['now'] === true
      if (now) await confirm('Rotate at once? Guards elsewhere may refuse tokens for up to five minutes.')
      return described((await hub().api('POST', '/api/keys/rotate', { now })) as KeysView)
    }
    await confirm("End the administrator's first key for good? From then on you sign in with `parley login`.")
    return described((await hub().api('POST', '/api/keys/bootstrap/retire')) as KeysView)
  },
}

function described(value: KeysView): Answer {
  const rows = value.signing.map(({ kid, state, createdAt }) => [state, kid, `made ${when(createdAt)}`])
  const first = ['bootstrap', value.bootstrap ? "the administrator's first key works" : 'retired']
  return { value, text: columns([...rows, first]) }
}
