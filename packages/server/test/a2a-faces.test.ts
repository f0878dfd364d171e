import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSdkA2aClient, type SdkA2aClient, type SdkFace } from './sdk-a2a-client.ts'
import { say, startAgentHub, type AgentHub } from './start-agent-hub.ts'

const FACES: readonly SdkFace[] = [
  { binding: 'JSONRPC', version: '1.0' },
  { binding: 'HTTP+JSON', version: '1.0' },
  { binding: 'JSONRPC', version: '0.3' },
  { binding: 'HTTP+JSON', version: '0.3' },
]

describe.each(FACES)('§5.1: $binding of $version', (face) => {
  let opened: AgentHub
  let client: SdkA2aClient
  beforeAll(async () => {
    opened = await startAgentHub()
    client = await openSdkA2aClient(opened.url, face, opened.hub.headers)
  })
  afterAll(() => opened[Symbol.asyncDispose]())

  test('a message is answered, under names of the hub', async () => {
    const { result, error } = await client.ask('SendMessage', say('echo hello'))
    expect(error).toBeUndefined()
    expect(result.message).toMatchObject({ role: 'ROLE_AGENT', parts: [{ text: 'hello' }] })
    expect(result.message.contextId).toMatch(/^ctx_/)
  })
})
