import type { Command, CommandFacts, CommandOption } from './command.ts'
import { agents } from './commands/agents.ts'
import { apps } from './commands/apps.ts'
import { bundles } from './commands/bundles.ts'
import { grants } from './commands/grants.ts'
import { groups } from './commands/groups.ts'
import { keys } from './commands/keys.ts'
import { connections } from './commands/connections.ts'
import { people } from './commands/people.ts'
import { presentation } from './commands/presentation.ts'
import { resources } from './commands/resources.ts'
import { activity } from './commands/activity.ts'
import { backup } from './commands/backup.ts'
import { call } from './commands/call.ts'
import { doctor } from './commands/doctor.ts'
import { login } from './commands/login.ts'
import { logout } from './commands/logout.ts'
import { init } from './commands/init.ts'
import { restore } from './commands/restore.ts'
import { send } from './commands/send.ts'
import { serve } from './commands/serve.ts'
import { servers } from './commands/servers.ts'
import { status } from './commands/status.ts'
import { tasks } from './commands/tasks.ts'
import { tour } from './commands/tour.ts'
import { webhooks } from './commands/webhooks.ts'
import { whoami } from './commands/whoami.ts'

/** Every command but `serve`, which reads its own flags. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  init,
  tour,
  login,
  logout,
  whoami,
  presentation,
  servers,
  bundles,
  call,
  people,
  groups,
  apps,
  agents,
  send,
  grants,
  resources,
  connections,
  keys,
  tasks,
  webhooks,
  doctor,
  activity,
  status,
  backup,
  restore,
}

/** Everything that can be asked about: the help and the reference page are written from it. */
export const COMMAND_TABLE: Readonly<Record<string, CommandFacts>> = { serve, ...COMMANDS }

export const COMMON_OPTIONS: Readonly<Record<string, CommandOption>> = {
  hub: {
    type: 'string',
    value: 'URL',
    about: 'The hub to talk to. Default: that of the data directory, then that of the last `parley login`.',
  },
  yes: { type: 'boolean', about: 'Does not ask before what cannot be undone.' },
  json: { type: 'boolean', about: 'The answer as JSON on stdout; an error too.' },
  'data-dir': {
    type: 'string',
    value: 'DIR',
    about: 'Where the hub keeps its data. Default: $PARLEY_DATA_DIR, then .parley.',
  },
}
