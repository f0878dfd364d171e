import type { GroupView, PersonView } from '@parley/contract'
import { columns } from '../columns.ts'
import type { Answer, Command } from '../command.ts'
import { findGroup, findPerson } from '../find/find-named.ts'
import { readPages } from '../find/read-pages.ts'
import type { HubClient } from '../hub-client.ts'
import { readAction } from '../read-action.ts'

const USAGE = ['groups list', 'groups add|members|remove GROUP', 'groups join|leave GROUP WHO']
const ACTIONS = { list: 0, add: 1, members: 1, remove: 1, join: 2, leave: 2 } as const

export const groups: Command = {
  usage: USAGE,
  summary: 'Groups of people: what a group is entitled to, each member is.',
  async run({ positionals, hub, confirm }) {
    const { action, names } = readAction(positionals, USAGE, ACTIONS)
    const [name = '', who = ''] = names
    if (action === 'list') return list(hub())
    if (action === 'add')
      return { value: await hub().api('POST', '/api/groups', { name }), text: `Added the group ${name}.` }
    const path = `/api/groups/${await findGroup(hub(), name)}`
    if (action === 'members') return members(hub(), path)
    if (action === 'remove') {
      await confirm(`Remove the group ${name}, and what it is entitled to?`)
      return { value: await hub().api('DELETE', path), text: `Removed the group ${name}.` }
    }
    const person = await findPerson(hub(), who)
    const member = `${path}/members/${person.id}`
    return action === 'join'
      ? { value: await hub().api('PUT', member), text: `${person.label} is in ${name}.` }
      : { value: await hub().api('DELETE', member), text: `${person.label} is not in ${name} any more.` }
  },
}

async function list(hub: HubClient): Promise<Answer> {
  const all = await readPages<GroupView>(hub, '/api/groups', 'groups')
  const text = columns(all.map(({ name, members: count, id }) => [name, `${count} members`, id]))
  return { value: { groups: all }, text: text || 'No groups yet. Add one: parley groups add GROUP' }
}

async function members(hub: HubClient, path: string): Promise<Answer> {
  const all = await readPages<PersonView>(hub, `${path}/members`, 'people')
  const text = columns(all.map(({ email, name, state }) => [email, name, state]))
  return { value: { people: all }, text: text || 'Nobody is in it. parley groups join GROUP WHO' }
}
