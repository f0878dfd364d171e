import type { TaskDetail, TaskView } from '@parley/contract'
import { ageOf, columns, when } from '../columns.ts'
import type { Answer, Command } from '../command.ts'
import { readPages } from '../find/read-pages.ts'
import type { HubClient } from '../hub-client.ts'
import { readAction } from '../read-action.ts'
import { watchTask } from '../tasks/watch-task.ts'

const USAGE = ['tasks list [--mine] [--running]', 'tasks show|watch|cancel TASK [--mine]']
const ACTIONS = { list: 0, show: 1, watch: 1, cancel: 1 } as const

export const tasks: Command = {
  usage: USAGE,
  summary: 'What goes on when nobody waits on the line for it: look at, follow to its end, cancel.',
  about: [
    'Tasks of servers and of agents. What one came to is for the app that began it; here is how it stands. What was begun',
    'with `parley send` is followed live, to what the agent makes: with --json each event is a line then.',
  ],
  options: {
    mine: { type: 'boolean', about: 'Only what goes on in your own name; needs no role.' },
    running: { type: 'boolean', about: 'With list: only those that have not ended.' },
  },
  async run(given) {
    const { action, names } = readAction(given.positionals, USAGE, ACTIONS)
    const hub = given.hub()
    const base = given.values['mine'] === true ? '/api/me/tasks' : '/api/tasks'
    if (action === 'list') return list(hub, base, given.values['running'] === true)
    const path = `${base}/${encodeURIComponent(names[0]!)}`
    if (action === 'show') return described((await hub.api('GET', path)) as TaskDetail)
    if (action === 'watch') return watchTask(given, hub, path)
    const task = (await hub.api('DELETE', path)) as TaskView
    return { value: task, text: `${task.id}  ${task.state}` }
  },
}

async function list(hub: HubClient, base: string, isRunning: boolean): Promise<Answer> {
  const all = await readPages<TaskView>(hub, isRunning ? `${base}?unfinished=true` : base, 'tasks')
  const rows = all.map((task) => [
    task.id,
    task.state,
    task.protocol === 'a2a' ? `agent ${task.server}` : task.capability,
    `${ageOf(task.createdAt)} ago`,
    task.person ?? task.app ?? '',
    task.message ?? '',
  ])
  return { value: { tasks: all }, text: columns(rows) || 'No tasks.' }
}

function described(detail: TaskDetail): Answer {
  const { task, events } = detail
  const rows = [
    ['task', task.id],
    ['state', task.state],
    task.protocol === 'a2a'
      ? ['agent', task.server]
      : ['runs', `${task.capability}${task.isElsewhere ? ', at the server itself' : ''}`],
    ...(task.context === null ? [] : [['context', task.context]]),
    ['for', task.person ?? 'nobody but its caller'],
    ['app', task.app ?? 'none'],
    ['grant', task.grant ?? 'none'],
    ['kept until', when(task.expiresAt)],
    ...events.map(({ at, state, message }) => [new Date(at).toISOString(), `${state}  ${message ?? ''}`]),
  ]
  return { value: detail, text: columns(rows) }
}
