import type { AgentView, ApiReply, AppView, GroupView, PersonView } from '@parley/contract'
import { suggestWord } from '@parley/contract/suggest-word'
import { CliError } from '../cli-error.ts'
import type { HubClient } from '../hub-client.ts'
import { readPages } from './read-pages.ts'

/** Everyone with an account is in it. */
const EVERYONE = 'grp_00000000000000000000000000'

/** A person by address or id. */
export async function findPerson(
  hub: HubClient,
  named: string,
): Promise<{ readonly id: string; readonly label: string }> {
  if (isIdLike(named, 'per')) return { id: named, label: named }
  const path = `/api/people?email=${encodeURIComponent(named)}`
  const { people } = (await hub.api('GET', path)) as ApiReply<'listPeople'>
  const found: PersonView | undefined = people[0]
  if (found) return { id: found.id, label: found.email }
  throw unknown('person', named, 'parley people lists them.')
}

/** A group by name or id. */
export async function findGroup(hub: HubClient, named: string): Promise<string> {
  if (isIdLike(named, 'grp')) return named
  if (named === 'everyone') return EVERYONE
  return findByName('group', named, await readPages<GroupView>(hub, '/api/groups', 'groups'))
}

/** An agent by name or id. */
export async function findAgent(hub: HubClient, named: string): Promise<string> {
  if (isIdLike(named, 'agt')) return named
  return findByName('agent', named, await readPages<AgentView>(hub, '/api/agents', 'agents'))
}

/** An app by id, client_id or name; where a name is that of several, the id must be told. */
export async function findApp(hub: HubClient, named: string): Promise<string> {
  if (isIdLike(named, 'app')) return named
  const apps = await readPages<AppView>(hub, '/api/apps', 'apps')
  const byClientId = apps.find(({ clientId }) => clientId === named)
  return byClientId ? byClientId.id : findByName('app', named, apps)
}

function isIdLike(text: string, prefix: string): boolean {
  return new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`).test(text)
}

type Kind = 'group' | 'agent' | 'app'

function findByName(kind: Kind, named: string, all: readonly { id: string; name: string }[]): string {
  const found = all.filter(({ name }) => name === named)
  if (found.length === 1) return found[0]!.id
  if (found.length > 1)
    throw new CliError(`There are ${found.length} ${kind}s of this name.`, {
      code: 'conflict',
      hint: `Name one by its id: ${found
        .map(({ id }) => id)
        .slice(0, 5)
        .join(', ')}`,
    })
  const near = suggestWord(
    named,
    all.map(({ name }) => name),
  )
  throw unknown(kind, named, near === undefined ? `parley ${kind}s lists them.` : `Did you mean ${near}?`)
}

function unknown(kind: string, named: string, hint: string): CliError {
  return new CliError(`There is no ${kind} ${JSON.stringify(named)}.`, { code: 'not_found', hint })
}
