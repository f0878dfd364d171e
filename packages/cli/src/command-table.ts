import type { Command, CommandFacts, CommandOption } from './command.ts'
import { activity } from './commands/activity.ts'
import { backup } from './commands/backup.ts'
import { call } from './commands/call.ts'
import { doctor } from './commands/doctor.ts'
import { init } from './commands/init.ts'
import { restore } from './commands/restore.ts'
import { serve } from './commands/serve.ts'
import { servers } from './commands/servers.ts'
import { status } from './commands/status.ts'
import { tour } from './commands/tour.ts'

/** Every command but `serve`, which reads its own flags. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  init,
  tour,
  servers,
  call,
  doctor,
  activity,
  status,
  backup,
  restore,
}

/** Everything that can be asked about: the help and the reference page are written from it. */
export const COMMAND_TABLE: Readonly<Record<string, CommandFacts>> = { serve, ...COMMANDS }

export const COMMON_OPTIONS: Readonly<Record<string, CommandOption>> = {
  json: { type: 'boolean', about: 'The answer as JSON on stdout; an error too.' },
  'data-dir': {
    type: 'string',
    value: 'DIR',
    about: 'Where the hub keeps its data. Default: $PARLEY_DATA_DIR, then .parley.',
  },
}
