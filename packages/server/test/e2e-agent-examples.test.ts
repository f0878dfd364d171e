import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { textOf } from '@parley/sdk/agent'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runAgentExample, type RunningExample } from '../../sdk/test/run-example.ts'
import { BY, startDelegationHub, type DelegationHub } from './start-delegation-hub.ts'

let hub: DelegationHub
let directory: string
const examples: Record<string, RunningExample & { readonly id: string }> = {}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'parley-agents-'))
  hub = await startDelegationHub()
  await start('weather', 'node-agent/main.ts')
  await start('planner', 'express-agent/main.ts')
  await start('brief', 'node-agent/main.ts', { ASK: 'weather', NAME: 'Brief' })
})
afterAll(async () => {
  for (const { stop } of Object.values(examples)) stop()
  await hub[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

/** As the README of the example says. */
async function start(name: string, main: string, environment: Record<string, string> = {}): Promise<void> {
  const { agent, shownOnce } = await hub.hub.hub.clients.agents.create(
    { name, owner: null, proof: { kind: 'new-key' } },
    BY,
  )
  if (shownOnce.kind !== 'private-key') throw new Error('no key')
  const keyFile = join(directory, `${name}.key`)
  writeFileSync(keyFile, JSON.stringify(shownOnce.privateKey), { mode: 0o600 })
  const settings = { HUB: hub.hub.url, AGENT_ID: agent.id, AGENT_KEY_FILE: keyFile, ...environment }
  const running = await runAgentExample(main, settings)
  examples[name] = { ...running, id: agent.id }
  const added = await hub.hub.api('POST', '/api/cards', { name, url: new URL(running.url).origin })
  expect(added.body).toMatchObject({ served: true, agent: agent.id })
}

test('the planner with Express asks the weather with node:http for whoever asks it', async () => {
  const { token } = await hub.tokenFor()
  expect(textOf(await hub.ask('planner', token).send('Bern'))).toBe(
    `To Bern: sunny, says weather to ${examples['planner']!.id}`,
  )
})

test('the agent with node:http asks another with nothing but this SDK', async () => {
  const { token } = await hub.tokenFor()
  expect(textOf(await hub.ask('brief', token).send('Bern'))).toBe(
    `sunny, says weather to test-app; sunny, says weather to ${examples['brief']!.id}`,
  )
})

test('B2: neither lets anybody in who comes past the hub, and both show their card', async () => {
  const { token } = await hub.tokenFor()
  for (const { url } of Object.values(examples)) {
    const { origin } = new URL(url)
    expect((await fetch(`${origin}/.well-known/agent-card.json`)).status).toBe(200)
    for (const headers of [{}, { authorization: `Bearer ${token}` }] as Record<string, string>[]) {
      const response = await fetch(url, { method: 'POST', headers, body: '{"method":"SendMessage"}' })
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toContain('resource_metadata=')
    }
  }
})

test('what the caller does not allow is refused or asked for, and the agents go on', async () => {
  const { token } = await hub.tokenFor({ capabilities: [{ capability: 'skill:brief/*' }] })
  await expect(hub.ask('brief', token).send('Bern')).rejects.toMatchObject({ name: 'HubError' })
  const asked = await hub.ask('planner', token).send('Bern')
  expect(asked.task!.status.state).toBe('TASK_STATE_AUTH_REQUIRED')
  expect(textOf(await hub.ask('weather', (await hub.tokenFor()).token).send('Bern'))).toContain('sunny')
})
