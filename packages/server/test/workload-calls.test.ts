import { beforeAll, describe, expect, test } from 'vitest'
import { BY, READ, startExchangeHub } from './start-exchange-hub.ts'

let hub: Awaited<ReturnType<typeof startExchangeHub>>

beforeAll(async () => {
  hub = await startExchangeHub()
  return () => hub[Symbol.asyncDispose]()
})

async function exchanged(subject: string, more?: Record<string, string>) {
  const agent = await hub.newAgent()
  const { body } = await hub.exchange(agent, subject, more)
  return { id: agent.id, token: body.access_token as string }
}

describe('what agents do at the gateway with their tokens', () => {
  test('S9: a call in a person’s name has everybody on record', async () => {
    const { id, token } = await exchanged(await hub.personToken())
    const reply = await hub.call(token, 'read_text_file')
    expect(reply.body.result.content[0].text).toBe('done read_text_file')
    const app = hub.clients.findApp(hub.clientId)!
    await expect
      .poll(() => hub.records())
      .toContainEqual(
        expect.objectContaining({
          action: 'tools/call',
          person: hub.person,
          app: app.id,
          grant: hub.grantOf(token).id,
          capability: READ,
          chain: [
            { kind: 'person', id: hub.person },
            { kind: 'app', id: app.id },
            { kind: 'agent', id },
          ],
        }),
      )
  })

  test('A16: what was not passed on is not called', async () => {
    const { token } = await exchanged(await hub.personToken(), { scope: READ })
    expect((await hub.call(token, 'read_text_file')).status).toBe(200)
    const refused = await hub.call(token, 'write_file')
    expect([400, 403]).toContain(refused.status)
    expect(refused.body).toHaveProperty('error')
    expect(refused.body).not.toHaveProperty('result')
  })

  test('G7: with any link of the chain the token ends, within a second', async () => {
    const cuts: [
      string,
      (one: { id: string; subject: string }) => Promise<unknown>,
      () => Promise<unknown>,
    ][] = [
      ['the agent', ({ id }) => hub.clients.agents.suspend(id as never, BY), () => Promise.resolve()],
      [
        'the app',
        () => hub.clients.apps.suspend(hub.clients.findApp(hub.clientId)!.id, BY),
        () => hub.clients.apps.resume(hub.clients.findApp(hub.clientId)!.id, BY),
      ],
      ['the grant', ({ subject }) => hub.grants.revoke(hub.grantOf(subject).id, BY), () => Promise.resolve()],
    ]
    for (const [name, cut, mend] of cuts) {
      const subject = await hub.personToken()
      const { id, token } = await exchanged(subject)
      expect((await hub.call(token, 'read_text_file')).status).toBe(200)
      await cut({ id, subject })
      expect([name, (await hub.call(token, 'read_text_file')).status]).toEqual([name, 401])
      await mend()
    }
  })
})
