import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { AgentDetail, AgentView, ApiReply, ShownOnceView } from '@parley/contract'
import { CliError } from '../cli-error.ts'
import { columns, when } from '../columns.ts'
import { textOf, type Answer, type Command, type Given } from '../command.ts'
import { findAgent, findPerson } from '../find/find-named.ts'
import { readPages } from '../find/read-pages.ts'
import { readAction } from '../read-action.ts'

const USAGE = [
  'agents list',
  'agents add NAME [--owner WHO] [--secret] [--out FILE]',
  'agents rotate AGENT [--grace SECONDS] [--secret] [--out FILE]',
  'agents show|suspend|reactivate|retire AGENT',
]
const ACTIONS = { list: 0, add: 1, rotate: 1, show: 1, suspend: 1, reactivate: 1, retire: 1 } as const

export const agents: Command = {
  usage: USAGE,
  summary: 'Workloads with an identity of their own: add, new keys, suspend, retire.',
  about: [
    'The private key is shown once and kept nowhere. What an agent may do: parley grants add --agent NAME',
  ],
  options: {
    owner: { type: 'string', value: 'WHO', about: 'With add: the person who answers for it.' },
    secret: { type: 'boolean', about: 'A secret instead of a key pair.' },
    out: {
      type: 'string',
      value: 'FILE',
      about: 'Writes the key or secret to a new file that only you can read.',
    },
    grace: {
      type: 'string',
      value: 'SECONDS',
      about: 'With rotate: how long the old key goes on. Default: 3600.',
    },
  },
  async run(given) {
    const { action, names } = readAction(given.positionals, USAGE, ACTIONS)
    const hub = given.hub()
    if (action === 'list') {
      const all = await readPages<AgentView>(hub, '/api/agents', 'agents')
      const text = columns(
        all.map((agent) => [agent.name, agent.state, `used ${when(agent.lastUsedAt)}`, agent.id]),
      )
      return { value: { agents: all }, text: text || 'No agents yet. Add one: parley agents add NAME' }
    }
    const proof = { kind: given.values['secret'] === true ? 'secret' : 'new-key' }
    if (action === 'add') {
      const owner = textOf(given, 'owner')
      const body = {
        name: names[0]!,
        proof,
        owner: owner === undefined ? null : (await findPerson(hub, owner)).id,
      }
      return told(given, (await hub.api('POST', '/api/agents', body)) as ApiReply<'addAgent'>)
    }
    const path = `/api/agents/${await findAgent(hub, names[0]!)}`
    if (action === 'rotate') {
      const body = { proof, graceSeconds: readGrace(given) }
      return told(given, (await hub.api('POST', `${path}/keys`, body)) as ApiReply<'rotateAgentKeys'>)
    }
    if (action === 'show') return described((await hub.api('GET', path)) as AgentDetail)
    if (action === 'retire')
      await given.confirm(`Retire ${names[0]!} for good? Its name is never given again.`)
    const value = (await hub.api('POST', `${path}/${action}`)) as AgentView
    return { value, text: `${value.name} is ${value.state}.` }
  },
}

function readGrace(given: Given): number {
  const text = textOf(given, 'grace') ?? '3600'
  if (/^\d{1,7}$/.test(text)) return Number(text)
  throw new CliError('--grace takes whole seconds.', { hint: '--grace 3600' })
}

function told(given: Given, value: { readonly agent: AgentView; readonly shownOnce: ShownOnceView }): Answer {
  const { agent, shownOnce } = value
  const out = textOf(given, 'out')
  const text = `${agent.name}\nclient_id ${agent.id}`
  if (shownOnce.kind === 'nothing') return { value, text }
  const secret = shownOnce.kind === 'secret' ? shownOnce.secret : JSON.stringify(shownOnce.privateKey)
  if (out === undefined) return { value, text: `${text}\n${secret}\nThis is not shown again.` }
  writeSecret(resolve(given.directory, out), secret)
  return {
    value: { agent, file: out },
    text: `${text}\nThe ${shownOnce.kind === 'secret' ? 'secret' : 'private key'} is in ${out}.`,
  }
}

function writeSecret(file: string, secret: string): void {
  try {
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    // It was made, and nobody has it: the person must know, and can make another.
    throw new CliError(`${file} cannot be written; the key in it is lost.`, {
      code: 'not_written',
      hint: 'Make another: parley agents rotate AGENT --grace 0 --out FILE',
      cause: error,
    })
  }
}

function described(agent: AgentDetail): Answer {
  const proofs = agent.proofs.map(({ id, kind, expiresAt }) => [
    kind,
    `${id}${expiresAt === null ? '' : ` until ${when(expiresAt)}`}`,
  ])
  const text = columns([
    ['agent', agent.name],
    ['id', agent.id],
    ['state', agent.state],
    ['owner', agent.owner ?? 'nobody'],
    ['last used', when(agent.lastUsedAt)],
    ...proofs,
  ])
  return { value: agent, text }
}
