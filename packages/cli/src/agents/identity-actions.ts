import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { AgentDetail, AgentView, ApiReply, ShownOnceView } from '@parley/contract'
import { CliError } from '../cli-error.ts'
import { columns, when } from '../columns.ts'
import { textOf, type Answer, type Given } from '../command.ts'
import { findAgent, findPerson } from '../find/find-named.ts'
import type { HubClient } from '../hub-client.ts'

export async function addIdentity(given: Given, hub: HubClient, name: string): Promise<Answer> {
  const owner = textOf(given, 'owner')
  const body = {
    name,
    proof: proofOf(given),
    owner: owner === undefined ? null : (await findPerson(hub, owner)).id,
  }
  return told(given, (await hub.api('POST', '/api/agents', body)) as ApiReply<'addAgent'>)
}

export async function rotateKeys(given: Given, hub: HubClient, named: string): Promise<Answer> {
  const path = `/api/agents/${await findAgent(hub, named)}/keys`
  const body = { proof: proofOf(given), graceSeconds: readGrace(given) }
  return told(given, (await hub.api('POST', path, body)) as ApiReply<'rotateAgentKeys'>)
}

export async function changeState(
  given: Given,
  hub: HubClient,
  { action, named }: { readonly action: 'suspend' | 'reactivate' | 'retire'; readonly named: string },
): Promise<Answer> {
  const path = `/api/agents/${await findAgent(hub, named)}`
  if (action === 'retire') await given.confirm(`Retire ${named} for good? Its name is never given again.`)
  const value = (await hub.api('POST', `${path}/${action}`)) as AgentView
  return { value, text: `${value.name} is ${value.state}.` }
}

export function identityText(agent: AgentDetail): string {
  const proofs = agent.proofs.map(({ id, kind, expiresAt }) => [
    kind,
    `${id}${expiresAt === null ? '' : ` until ${when(expiresAt)}`}`,
  ])
  return columns([
    ['agent', agent.name],
    ['id', agent.id],
    ['state', agent.state],
    ['owner', agent.owner ?? 'nobody'],
    ['last used', when(agent.lastUsedAt)],
    ...proofs,
  ])
}

function proofOf(given: Given) {
  return { kind: given.values['secret'] === true ? 'secret' : 'new-key' }
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
