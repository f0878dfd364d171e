import { expect, onTestFinished, test } from 'vitest'
import { sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import { startAgentHub } from './start-agent-hub.ts'

async function open() {
  const opened = await startAgentHub()
  onTestFinished(() => opened[Symbol.asyncDispose]())
  const caller = { ...opened.hub }
  const call = async (name: string, args: object) =>
    (await sendRaw(caller, { path: '/mcp', ...modernRequest('tools/call', { name, arguments: args }) })).body
      .result
  return { ...opened, caller, call }
}

test('over MCP an agent is found and asked, and its question answered', async () => {
  const { caller, call, agent } = await open()
  const list = (await sendRaw(caller, { path: '/mcp', ...modernRequest('tools/list', {}) })).body.result
  expect(list.tools.map(({ name }: any) => name)).toEqual(['find_agents', 'ask_agent'])
  const found = await call('find_agents', { text: 'does what the first word says' })
  expect(found.structuredContent.agents[0].name).toBe('helper')
  const said = await call('ask_agent', { agent: 'helper', message: 'echo good morning' })
  expect(said.content[0].text).toContain('good morning')
  const asked = await call('ask_agent', { agent: 'helper', message: 'ask' })
  const { id } = asked.structuredContent.task
  expect(asked.content[0].text).toContain('which one?')
  const done = await call('ask_agent', { agent: 'helper', message: 'chunks 1', taskId: id })
  expect(done.structuredContent.task).toMatchObject({ id, status: { state: 'TASK_STATE_COMPLETED' } })
  expect(agent.executor.received).toEqual(['echo good morning', 'ask', 'chunks 1'])
})

test('what goes wrong is told to the model, and what there is not is not there', async () => {
  const { call } = await open()
  expect(await call('ask_agent', { agent: 'nobody', message: 'x' })).toMatchObject({ isError: true })
  expect(await call('ask_agent', { agent: 'helper' })).toMatchObject({ isError: true })
  expect(await call('find_agents', { nonsense: 1 })).toMatchObject({ isError: true })
  expect(await call('ask_agent', { agent: 'helper', message: 'fail' })).toMatchObject({ isError: true })
})
