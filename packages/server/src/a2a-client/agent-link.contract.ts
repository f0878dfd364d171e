import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Binding, A2aVersion, Part } from '../a2a/index.ts'
import { codeOf, gather, openLink, OPTIONS, sending, type OpenedLink } from './fixtures/test-kit.ts'

/** An agent that does what `test/sdk-agent-executor.ts` says. */
export interface ContractAgent extends AsyncDisposable {
  readonly executor: { readonly cancelled: readonly string[] }
  url(binding: Binding): string
}

/** What every link does, whatever its binding and version. */
export function agentLinkContract(
  startAgent: () => Promise<ContractAgent>,
  protocolBinding: Binding,
  protocolVersion: A2aVersion,
): void {
  describe(`a link over ${protocolBinding} ${protocolVersion}`, () => {
    let agent: ContractAgent
    let opened: OpenedLink
    beforeAll(async () => {
      agent = await startAgent()
      opened = openLink({ url: agent.url(protocolBinding), protocolBinding, protocolVersion })
    })
    afterAll(async () => {
      await opened[Symbol.asyncDispose]()
      await agent[Symbol.asyncDispose]()
    })
    const call = (...[operation, request, options = OPTIONS]: CallArguments): Promise<any> =>
      opened.link.call(operation, request, options)

    it('sends a message and brings the answer', async () => {
      const { message, ...rest } = await call('SendMessage', sending('echo hello'))
      expect(rest).toEqual({})
      expect(message).toMatchObject({ role: 'ROLE_AGENT', parts: [{ text: 'hello' }] })
      expect(opened.link.health().state).toBe('ready')
    })

    it('brings a task, which can be read again', async () => {
      const { task } = await call('SendMessage', sending('chunks 3'))
      expect(task.status.state).toBe('TASK_STATE_COMPLETED')
      expect(task.artifacts[0].parts.map((part: any) => part.text)).toEqual(['0', '1', '2'])
      const read = await call('GetTask', { id: task.id })
      expect(read).toMatchObject({ id: task.id, contextId: task.contextId, status: task.status })
      const short = await call('GetTask', { id: task.id, historyLength: 0 })
      expect(short.history ?? []).toEqual([])
    })

    it('carries every kind of part there and back', async () => {
      const parts = [
        { text: 'parts' },
        { data: { list: [1, 'two', null, true], nested: { a: 1.5 } }, metadata: { note: 'x' } },
        { raw: Buffer.from([0, 255, 128]).toString('base64'), mediaType: 'audio/wav', filename: 'a.wav' },
        { url: 'https://example.com/a.png', mediaType: 'image/png' },
      ]
      const { task } = await call('SendMessage', sending('parts', { parts }))
      // The reference SDK's proto of 0.3 is of a time when parts had no metadata and files no name.
      const isEarly = protocolVersion === '0.3' && protocolBinding !== 'JSONRPC'
      const kept = isEarly ? parts.map(({ metadata: _, filename: __, ...part }: Part) => part) : parts
      expect(task.artifacts[0].parts.map(withoutEmpty)).toEqual(kept)
    })

    it('goes on with a task that waits for input', async () => {
      const { task } = await call('SendMessage', sending('ask'))
      expect(task.status.state).toBe('TASK_STATE_INPUT_REQUIRED')
      expect(task.status.message.parts[0].text).toBe('which one?')
      const { id: taskId, contextId } = task
      const answered = await call('SendMessage', sending('ask again', { taskId, contextId }))
      expect(answered.task).toMatchObject({ id: taskId, status: { state: 'TASK_STATE_COMPLETED' } })
    })

    it.each([
      ['auth', 'TASK_STATE_AUTH_REQUIRED'],
      ['fail', 'TASK_STATE_FAILED'],
      ['reject', 'TASK_STATE_REJECTED'],
    ])('knows the state of what ends with %s', async (word, state) => {
      const { task } = await call('SendMessage', sending(word))
      expect(task.status.state).toBe(state)
    })

    it('returns at once where that is asked for, and cancels', async () => {
      const { task } = await call('SendMessage', {
        ...sending('wait'),
        configuration: { returnImmediately: true },
      })
      expect(['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING']).toContain(task.status.state)
      const cancelled = await call('CancelTask', { id: task.id })
      expect(cancelled.status.state).toBe('TASK_STATE_CANCELED')
      expect(agent.executor.cancelled).toContain(task.id)
    })

    it('streams a task: one snapshot, then what changes, in order', async () => {
      const events = await gather(opened.link, 'SendStreamingMessage', sending('chunks 5')).over
      expect(events[0].task.status.state).toBe('TASK_STATE_SUBMITTED')
      const kinds = events.map((event) => Object.keys(event).join())
      expect(kinds.slice(1)).toEqual(['statusUpdate', ...Array(5).fill('artifactUpdate'), 'statusUpdate'])
      const chunks = events.flatMap(({ artifactUpdate }) => (artifactUpdate ? [artifactUpdate] : []))
      expect(chunks.map(({ artifact }) => artifact.parts[0].text)).toEqual(['0', '1', '2', '3', '4'])
      expect(chunks.map(({ append }) => append ?? false)).toEqual([false, true, true, true, true])
      expect(chunks.map(({ lastChunk }) => lastChunk ?? false)).toEqual([false, false, false, false, true])
      expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_COMPLETED')
    })

    it('streams a message', async () => {
      const events = await gather(opened.link, 'SendStreamingMessage', sending('echo hi')).over
      expect(events).toMatchObject([{ message: { parts: [{ text: 'hi' }] } }])
    })

    it('joins the stream of a task that is under way', async () => {
      const first = gather(opened.link, 'SendStreamingMessage', sending('wait'))
      await expect.poll(() => first.events.length).toBeGreaterThan(1)
      const { id } = first.events[0].task
      const second = gather(opened.link, 'SubscribeToTask', { id })
      await expect.poll(() => second.events.length).toBeGreaterThan(0)
      expect(second.events[0].task.id).toBe(id)
      await call('CancelTask', { id })
      for (const { over } of [first, second]) {
        const events = await over
        expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_CANCELED')
      }
    })

    it('leaves a stream, and hears nothing more', async () => {
      const waiting = gather(opened.link, 'SendStreamingMessage', sending('wait'))
      await expect.poll(() => waiting.events.length).toBeGreaterThan(1)
      waiting.stream.cancel()
      const before = waiting.events.length
      await call('CancelTask', { id: waiting.events[0].task.id })
      expect(waiting.events.length).toBe(before)
    })

    it('says the errors of the agent by their own names', async () => {
      expect(await codeOf(call('GetTask', { id: 'unknown' }))).toBe('task_not_found')
      expect(await codeOf(call('CancelTask', { id: 'unknown' }))).toBe('task_not_found')
      const { task } = await call('SendMessage', sending('chunks 1'))
      expect(await codeOf(call('CancelTask', { id: task.id }))).toBe('task_not_cancelable')
      expect(opened.link.health().state).toBe('ready')
    })

    it('says why a stream could not be opened', async () => {
      const stream = gather(opened.link, 'SubscribeToTask', { id: 'unknown' })
      expect(await codeOf(stream.over)).toBe('task_not_found')
      expect(stream.events).toEqual([])
    })

    it('keeps push notifications of a task at the agent', async () => {
      const { task } = await call('SendMessage', sending('ask'))
      const wanted = { taskId: task.id, id: 'c1', url: 'https://example.com/hook', token: 't' }
      const made = await call('CreateTaskPushNotificationConfig', wanted)
      expect(made).toMatchObject(wanted)
      const one = { taskId: task.id, id: 'c1' }
      expect(await call('GetTaskPushNotificationConfig', one)).toMatchObject(wanted)
      const { configs } = await call('ListTaskPushNotificationConfigs', { taskId: task.id })
      expect(configs).toMatchObject([wanted])
      expect(await call('DeleteTaskPushNotificationConfig', one)).toEqual({})
      const left = await call('ListTaskPushNotificationConfigs', { taskId: task.id })
      expect(left.configs ?? []).toEqual([])
    })

    it('reads the extended card', async () => {
      const card = await call('GetExtendedAgentCard', {})
      expect(card).toMatchObject({ name: 'SDK agent', description: 'The extended card.' })
      expect(card.skills[0].id).toBe('work')
    })

    it('lists tasks, or says that this version has no list', async () => {
      expect(opened.link.supports('ListTasks')).toBe(protocolVersion === '1.0')
      if (protocolVersion === '0.3')
        return expect(await codeOf(call('ListTasks', {}))).toBe('unsupported_operation')
      const { task } = await call('SendMessage', sending('chunks 1', { contextId: 'listed' }))
      const { tasks, totalSize } = await call('ListTasks', { contextId: 'listed', pageSize: 10 })
      expect(tasks).toMatchObject([{ id: task.id }])
      expect(totalSize).toBe(1)
    })

    it('carries credentials and extensions, and the version', async () => {
      const headers = { authorization: 'Bearer secret', 'x-hub': 'yes' }
      const { message } = await call('SendMessage', sending('headers'), { ...OPTIONS, headers })
      expect(message.parts[0].data).toMatchObject({ authorization: 'Bearer secret', 'x-hub': 'yes' })
      const extensions = ['https://example.com/one', 'https://example.com/two']
      const answer = await call('SendMessage', sending('extensions'), { ...OPTIONS, extensions })
      expect(answer.message.parts[0].data).toEqual({ uris: extensions })
    })

    it('ends a call that takes too long, and one whose caller has gone', async () => {
      const slow = call('SendMessage', sending('slow 5000'), { headers: {}, timeoutMs: 100 })
      expect(await codeOf(slow)).toBe('upstream_timeout')
      const abort = new AbortController()
      const left = call('SendMessage', sending('slow 5000'), { ...OPTIONS, signal: abort.signal })
      setTimeout(() => abort.abort(new Error('gone')), 20)
      expect(await codeOf(left)).toBe('gone')
    })
  })
}

type CallArguments =
  Parameters<OpenedLink['link']['call']> extends [infer Operation, infer Request, infer Options]
    ? [Operation, Request, Options?]
    : never

/** The reference SDK writes members that are not set. */
function withoutEmpty(part: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== '' && value !== undefined))
}
