import { resolve } from 'node:path'
import type { AgentClient } from '@parley/sdk/agent'
import { CliError } from '../cli-error.ts'
import { textOf, type Answer, type Command, type Given } from '../command.ts'
import { Conversation, type Ending } from '../send/conversation.ts'
import { explainAgentError } from '../send/explain-agent-error.ts'
import { readRequest, type SendRequest } from '../send/read-request.ts'
import { TaskScreen } from '../send/task-screen.ts'

const USAGE = 'send AGENT [TEXT] [--file FILE]… [--data JSON]… [--task TASK | --context CONTEXT] [--no-wait]'

export const send: Command = {
  usage: [USAGE],
  summary: 'Asks an agent through the hub, and shows what it does until it is done.',
  about: [
    'What the agent makes goes to stdout as it comes, and how it stands to stderr; with --json each event is a line.',
    'Where the agent asks for more, type it. Ctrl-C cancels the task; a second one leaves it to itself.',
    'Exit codes: 0 done, 1 failed, 2 waits for words (say them with --task), 130 cancelled or left.',
  ],
  options: {
    file: {
      type: 'string',
      multiple: true,
      value: 'FILE',
      about: 'Sends a file along, or an address that the agent reads it at.',
    },
    data: { type: 'string', multiple: true, value: 'JSON', about: 'Sends structured data along.' },
    task: { type: 'string', value: 'TASK', about: 'Goes on with a task that waits for words.' },
    context: { type: 'string', value: 'CONTEXT', about: 'Begins a task in a conversation that there is.' },
    'no-wait': {
      type: 'boolean',
      about: 'Ends once the task has begun. `parley tasks watch TASK` follows it.',
    },
    accept: {
      type: 'string',
      multiple: true,
      value: 'TYPE',
      about: 'A media type that is welcome as an answer, such as application/json.',
    },
    out: { type: 'string', value: 'DIR', about: 'Keeps the files that the agent makes there.' },
    'no-browser': { type: 'boolean', about: 'Only prints the address where something has to be allowed.' },
  },
  async run(given) {
    const [agent, text, ...others] = given.positionals
    if (agent === undefined || others.length > 0)
      throw new CliError(others.length > 0 ? 'Put the text in quotes.' : 'Say which agent.', {
        hint: `parley send AGENT 'TEXT'; parley agents search finds agents`,
      })
    const request = readRequest(given, text)
    const client = given.hub().agent(agent)
    const out = textOf(given, 'out')
    const screen = new TaskScreen(given, out === undefined ? undefined : resolve(given.directory, out))
    return given.values['no-wait'] === true
      ? begin(given, client, { request, screen })
      : talk(given, client, { request, screen })
  },
}

interface Sending {
  readonly request: SendRequest
  readonly screen: TaskScreen
}

async function begin(given: Given, client: AgentClient, { request, screen }: Sending): Promise<Answer> {
  const { said, options } = request
  const answer = await heard(client, client.send(said, options))
  screen.show(answer)
  screen.endLine()
  const { task } = answer
  if (task) given.note(`parley tasks watch ${task.id} --mine`)
  return { value: answer, text: '', isTold: true }
}

async function talk(given: Given, client: AgentClient, { request, screen }: Sending): Promise<Answer> {
  const { said, options } = request
  const talking = new Conversation({ given, client, screen, isOwn: true }, options.taskId)
  if (options.taskId !== undefined) talking.goOnFrom(await heard(client, client.getTask(options.taskId)))
  const ending = await talking.run(client.stream(said, { ...options, signal: talking.leaving }))
  return answerOf(ending, given, { url: client.url, taskId: talking.taskId })
}

function heard<answer>(client: AgentClient, asked: Promise<answer>): Promise<answer> {
  return asked.catch((error: unknown) => {
    throw explainAgentError(error, client)
  })
}

/** The end of what was followed: everything is told by then, and the exit code says how it went. */
export function answerOf(
  ending: Ending,
  given: Given,
  { url, taskId }: { url: string; taskId: string | undefined },
): Answer {
  const told = { value: null, text: '', isTold: true } as const
  switch (ending.kind) {
    case 'answered':
      return told
    case 'waits':
      given.note(`It waits for words: parley send ${url.split('/').at(-1)} 'TEXT' --task ${taskId}`)
      return { ...told, exitCode: 2 }
    case 'left':
      if (taskId !== undefined) given.note(`It goes on: parley tasks watch ${taskId} --mine`)
      return { ...told, exitCode: 130 }
    case 'ended': {
      if (ending.state === 'TASK_STATE_COMPLETED') return told
      return { ...told, exitCode: ending.isInterrupted ? 130 : 1 }
    }
  }
}
