import type { ApiReply } from '@parley/contract'
import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'

export const whoami: Command = {
  usage: ['whoami'],
  summary: 'Who commands act for, at which hub, and with which roles.',
  async run({ hub, positionals }) {
    if (positionals.length > 0) throw new CliError('whoami takes no names.')
    const client = hub()
    const value = (await client.api('GET', '/api/me')) as ApiReply<'whoAmI'>
    const { person, roles } = value
    const who = person ? `${person.name} <${person.email}>` : "the administrator's first key"
    const groups =
      person && person.groups.length > 0
        ? `\ngroups  ${person.groups.map(({ name }) => name).join(', ')}`
        : ''
    return { value, text: `${who} at ${client.url}\nroles   ${roles.join(', ')}${groups}` }
  },
}
