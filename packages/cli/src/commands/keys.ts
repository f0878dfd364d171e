import type { KeysView } from '@parley/contract'
import { columns, when } from '../columns.ts'
import type { Answer, Command } from '../command.ts'
import type { HubClient } from '../hub-client.ts'
import { readAction } from '../read-action.ts'

const USAGE = [
  'keys list',
  'keys rotate [--now]',
  'keys retire-bootstrap',
  'keys rotate-master',
  'keys forget-master',
]
const ACTIONS = {
  list: 0,
  rotate: 0,
  'retire-bootstrap': 0,
  'rotate-master': 0,
  'forget-master': 0,
} as const
const LOOK_MS = 500

export const keys: Command = {
  usage: USAGE,
  summary: "The keys that sign tokens, the administrator's first key, and the master key: rotate, retire.",
  about: [
    'rotate-master seals all secrets anew, in the background; the old key stays behind the new one, for backups.',
    'forget-master throws the old key away once nothing needs it.',
  ],
  options: {
    now: {
      type: 'boolean',
      about: 'With rotate: also while others may not have seen the next key, such as after a leak.',
    },
  },
  async run({ positionals, values, hub, confirm, tell }) {
    const { action } = readAction(positionals, USAGE, ACTIONS)
    if (action === 'list') return described((await hub().api('GET', '/api/keys')) as KeysView)
    if (action === 'rotate') {
      const now = values['now'] === true
      if (now) await confirm('Rotate at once? Guards elsewhere may refuse tokens for up to five minutes.')
      return described((await hub().api('POST', '/api/keys/rotate', { now })) as KeysView)
    }
    if (action === 'rotate-master') {
      await hub().api('POST', '/api/keys/master/rotate')
      return described(await follow(hub(), tell))
    }
    if (action === 'forget-master') {
      await confirm('Throw the old master key away? Backups from before the rotation then open no more.')
      return described((await hub().api('POST', '/api/keys/master/forget')) as KeysView)
    }
    await confirm("End the administrator's first key for good? From then on you sign in with `parley login`.")
    return described((await hub().api('POST', '/api/keys/bootstrap/retire')) as KeysView)
  },
}

/** Until all is sealed anew; the hub goes on without anyone who watches. */
async function follow(hub: HubClient, tell: (line: string) => void): Promise<KeysView> {
  for (;;) {
    const view = (await hub.api('GET', '/api/keys')) as KeysView
    const { rotation } = view.master
    if (!rotation || rotation.remaining === rotation.failed) return view
    tell(`${rotation.remaining} secrets are still to be sealed anew`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

function described(value: KeysView): Answer {
  const rows = value.signing.map(({ kid, state, createdAt }) => [state, kid, `made ${when(createdAt)}`])
  const first = ['bootstrap', value.bootstrap ? "the administrator's first key works" : 'retired']
  return { value, text: columns([...rows, first, ...masterRows(value)]) }
}

function masterRows({ master: { current, old, rotation } }: KeysView): string[][] {
  const left = rotation ? `${rotation.remaining} secrets still under old keys` : 'seals everything'
  return [
    ['master', current, left],
    ...old.map((name) => ['old master', name, rotation ? 'still needed' : '`parley keys forget-master`']),
  ]
}
