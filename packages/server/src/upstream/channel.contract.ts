import { describe, expect, it } from 'vitest'
import type { Channel, Upstream } from './channel.ts'
import { NOTES } from './fixtures/fixture.ts'
import {
  MODERN_META,
  callTool,
  codeOf,
  recorder,
  textOf,
  unending,
  until,
  type Opened,
} from './fixtures/test-kit.ts'

export interface ContractTarget {
  readonly era: '2026-07-28' | '2025-11-25'
  readonly transport: 'http' | 'sse' | 'stdio'
  open(): Promise<Opened>
}

const TERMS = { capabilities: { elicitation: { form: {} } }, clientInfo: { name: 'test', version: '1' } }

/** What every channel does, whatever the era and the wire. */
export function describeChannel(target: ContractTarget): void {
  const isModern = target.era === '2026-07-28'
  const openChannel = (upstream: Upstream): Promise<Channel> =>
    isModern ? upstream.modern() : upstream.openSession(TERMS, unending())
  const params = (more: object) => (isModern ? { ...more, _meta: MODERN_META } : { ...more })

  describe(`channel to ${target.era} over ${target.transport}`, () => {
    it('detects the era and says what the server says of itself', async () => {
      await using opened = await target.open()
      const info = await opened.upstream.info()
      expect(info).toMatchObject({
        era: target.era,
        serverInfo: { name: 'fixture' },
        instructions: 'Call echo.',
      })
      expect(info.capabilities['tools']).toEqual({ listChanged: true })
      expect(isModern ? info.initialize : info.discover).toBeUndefined()
      expect(await opened.upstream.info()).toBe(info)
      expect(opened.upstream.health()).toMatchObject({ state: 'ready', lastError: undefined })
    })

    it('gives back results and errors as the server sent them', async () => {
      await using opened = await target.open()
      const channel = await openChannel(opened.upstream)
      expect(textOf(await callTool(channel, 'echo', { arguments: { text: 'grüß dich 👋' } }))).toBe(
        'grüß dich 👋',
      )
      const unknown = await channel.exchange(
        'resources/read',
        params({ uri: 'note://none' }),
        recorder(),
        unending(),
      )
      expect(unknown).toMatchObject({ error: { message: expect.any(String) as string } })
      expect(await channel.exchange('no/such/method', params({}), recorder(), unending())).toMatchObject({
        error: { code: -32601 },
      })
      expect(opened.upstream.health().state).toBe('ready')
    })

    it('keeps fifty calls at once apart', async () => {
      await using opened = await target.open()
      const channel = await openChannel(opened.upstream)
      const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`)
      const outcomes = await Promise.all(
        texts.map((text) => callTool(channel, 'echo', { arguments: { text } })),
      )
      expect(outcomes.map(textOf)).toEqual(texts)
    })

    it("brings progress with the caller's own token to its own call only", async () => {
      await using opened = await target.open()
      const channel = await openChannel(opened.upstream)
      const [first, second] = [recorder(), recorder()]
      await Promise.all(
        [first, second].map((events, index) =>
          callTool(channel, 'count', {
            arguments: { to: index + 2 },
            meta: { progressToken: 'same' },
            events,
          }),
        ),
      )
      for (const [events, to] of [[first, 2] as const, [second, 3] as const]) {
        const progress = events.notifications.map((one) => one.params)
        expect(progress.map((one) => one?.['progressToken'])).toEqual(
          Array.from({ length: to }, () => 'same'),
        )
        expect(progress.map((one) => one?.['progress'])).toEqual(
          Array.from({ length: to }, (_, at) => at + 1),
        )
        expect(progress.every((one) => one?.['total'] === to)).toBe(true)
      }
    })

    it('brings log messages to the call that asked for them', async () => {
      await using opened = await target.open()
      const channel = await openChannel(opened.upstream)
      const events = recorder()
      const meta = isModern ? { 'io.modelcontextprotocol/logLevel': 'info' } : {}
      await callTool(channel, 'log', { arguments: { text: 'hello' }, meta, events })
      expect(events.notifications).toMatchObject([
        { method: 'notifications/message', params: { data: 'hello' } },
      ])
    })

    it('tells the server of a cancellation and leaves other calls alone', async () => {
      await using opened = await target.open()
      const channel = await openChannel(opened.upstream)
      const leaving = new AbortController()
      const left = callTool(channel, 'hang', { signal: leaving.signal })
      const state = async () => JSON.parse(textOf(await callTool(channel, 'state'))) as Record<string, number>
      await until(async () => (await state())['hanging'] === 1)
      expect((await state())['cancelled']).toBe(0)
      const reason = new Error('I left')
      leaving.abort(reason)
      await expect(left).rejects.toBe(reason)
      await until(async () => (await state())['cancelled'] === 1)
      expect(opened.upstream.health().state).toBe('ready')
    })

    it('refuses a call that is given up before it starts', async () => {
      await using opened = await target.open()
      const channel = await openChannel(opened.upstream)
      const reason = new Error('too late')
      await expect(callTool(channel, 'hang', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      expect(textOf(await callTool(channel, 'state'))).toContain('"hanging":0')
    })

    it('hears of list changes while subscribed, and not afterwards', async () => {
      await using opened = await target.open()
      const channel = await openChannel(opened.upstream)
      const heard: string[] = []
      const filter = { toolsListChanged: true }
      const subscription = await channel.subscribe(
        filter,
        ({ method }) => void heard.push(method),
        unending(),
      )
      expect(subscription.acknowledged).toEqual(filter)
      await callTool(channel, 'flip')
      await until(() => heard.length > 0)
      expect(new Set(heard)).toEqual(new Set(['notifications/tools/list_changed']))
      subscription.close()
      expect(await subscription.ended).toBe('graceful')
      const before = heard.length
      await callTool(channel, 'flip')
      await callTool(channel, 'echo', { arguments: { text: 'x' } })
      expect(heard.length).toBe(before)
    })

    it('hears of updates of the resources it asked for, each subscriber by itself', async () => {
      await using opened = await target.open()
      const channel = await openChannel(opened.upstream)
      const [one, two, none]: string[][] = [[], [], []]
      const listen = (uris: string[], heard: string[]) =>
        channel.subscribe(
          { resourceSubscriptions: uris },
          ({ params }) => void heard.push(String(params?.['uri'])),
          unending(),
        )
      const first = await listen([NOTES], one!)
      await listen([NOTES], two!)
      await channel.subscribe({ toolsListChanged: true }, ({ method }) => void none!.push(method), unending())
      expect(first.acknowledged).toEqual({ resourceSubscriptions: [NOTES] })
      await callTool(channel, 'touch')
      await until(() => one!.length > 0 && two!.length > 0)
      first.close()
      await callTool(channel, 'touch')
      await until(() => two!.length > 1)
      expect([one, two, none]).toEqual([[NOTES], [NOTES, NOTES], []])
    })

    it('passes on what the server asks of the client', async () => {
      await using opened = await target.open()
      const channel = await openChannel(opened.upstream)
      const events = recorder(() =>
        Promise.resolve({ result: { action: 'accept', content: { name: 'Ada' } } }),
      )
      const outcome = await callTool(channel, 'ask', { events })
      if (isModern) {
        expect(outcome).toMatchObject({ result: { resultType: 'input_required', requestState: 'opaque' } })
        expect(events.asked).toEqual([])
      } else {
        expect(events.asked).toEqual(['elicitation/create'])
        expect(textOf(outcome)).toContain('"name":"Ada"')
      }
    })

    it('refuses a result over the limit, and works on', async () => {
      await using opened = await target.open()
      const channel = await openChannel(opened.upstream)
      expect(textOf(await callTool(channel, 'big', { arguments: { bytes: 500_000 } }))).toHaveLength(500_000)
      expect(await codeOf(callTool(channel, 'big', { arguments: { bytes: 1_500_000 } }))).toBe(
        'upstream_invalid',
      )
      expect(opened.upstream.health().state).not.toBe('ready')
      await until(async () => (await codeOf(echoAnew(opened.upstream, openChannel))) === 'no error')
      expect(opened.upstream.health()).toMatchObject({ state: 'ready', lastError: undefined })
    })

    it('fails calls at once when the server dies, and works again when it is back', async () => {
      await using opened = await target.open()
      const channel = await openChannel(opened.upstream)
      const hanging = codeOf(callTool(channel, 'hang'))
      await until(async () => textOf(await callTool(channel, 'state')).includes('"hanging":1'))
      expect(await codeOf(callTool(channel, 'die'))).toBe('upstream_unavailable')
      expect(await hanging).toBe('upstream_unavailable')
      await until(async () => (await codeOf(echoAnew(opened.upstream, openChannel))) === 'no error')
    })

    // A stateless channel over HTTP has nothing to close.
    const endsWithClose = !isModern || target.transport === 'stdio'
    const closing = endsWithClose
      ? 'says that a closed session is closed'
      : 'goes on after close, being stateless'
    it(closing, async () => {
      if (!endsWithClose) {
        await using opened = await target.open()
        const channel = await openChannel(opened.upstream)
        await channel.close()
        expect(textOf(await callTool(channel, 'echo', { arguments: { text: 'still' } }))).toBe('still')
        return
      }
      await using opened = await target.open()
      const channel = await openChannel(opened.upstream)
      const ended = (await channel.subscribe({ toolsListChanged: true }, () => undefined, unending())).ended
      const hanging = codeOf(callTool(channel, 'hang'))
      await until(async () => textOf(await callTool(channel, 'state')).includes('"hanging":1'))
      await channel.close()
      expect(channel.closed).toBe(true)
      expect(await hanging).toBe('upstream_unavailable')
      expect(await ended).toBe('lost')
      expect(await codeOf(callTool(channel, 'echo', { arguments: { text: 'x' } }))).toBe(
        'upstream_unavailable',
      )
    })
  })
}

async function echoAnew(
  upstream: Upstream,
  openChannel: (upstream: Upstream) => Promise<Channel>,
): Promise<void> {
  const channel = await openChannel(upstream)
  await callTool(channel, 'echo', { arguments: { text: 'x' } })
}
