import { describe, expect, onTestFinished, test } from 'vitest'
import { startDelegationHub, type AddedAgent, type DelegationHub } from './start-delegation-hub.ts'
import { until } from './start-test-hub.ts'

async function open(settings?: object): Promise<DelegationHub> {
  const hub = await startDelegationHub(settings)
  onTestFinished(() => hub[Symbol.asyncDispose]())
  return hub
}

const countOf = (agents: readonly AddedAgent[]) => agents.reduce((sum, { calls }) => sum + calls.length, 0)

describe('H9: agents that ask agents', () => {
  test('H9: in a circle, A asks B asks A, are cut at once and end failed', async () => {
    const hub = await open()
    const onward = ['bodo', 'anna']
    const anna = await hub.addAgent('anna', { echo: 'bodo', delegations: { bodo: { onward } } })
    const bodo = await hub.addAgent('bodo', { echo: 'anna', delegations: { anna: { onward } } })
    const asked = hub.ask('anna', (await hub.tokenFor()).token)
    // The first time everybody gets to know each other.
    expect((await asked.send('hello')).task!.status.state).toBe('TASK_STATE_FAILED')
    const startedMs = performance.now()
    expect((await asked.send('hello')).task!.status.state).toBe('TASK_STATE_FAILED')
    expect(performance.now() - startedMs).toBeLessThan(2000)
    expect(countOf([anna, bodo])).toBe(4)
    expect(bodo.errors[0]).toMatchObject({ name: 'HubError', status: 403 })
    expect(String(bodo.errors[0])).toContain('in a circle')
    const { body } = await hub.hub.api('GET', '/api/tasks')
    expect(body.tasks.map(({ state }: any) => state)).toEqual(['failed', 'failed', 'failed', 'failed'])
  })

  test('H9: in a circle that hides it, each in its own name, come to an end', async () => {
    const hub = await open({ limits: { delegationTasks: 5 } })
    const anna = await hub.addAgent('anna', { echo: 'bodo', asItself: true })
    const bodo = await hub.addAgent('bodo', { echo: 'anna', asItself: true })
    for (const agent of [anna, bodo])
      await hub.entitle(agent, { [`${hub.hub.url}/a2a`]: ['a2a'] }, ['skill:*'])
    const { task } = await hub.ask('anna', (await hub.tokenFor()).token).send('hello')
    expect(task!.status.state).toBe('TASK_STATE_FAILED')
    expect(countOf([anna, bodo])).toBe(11)
    expect(anna.running() + bodo.running()).toBe(0)
  })

  test('H9: an agent does not ask itself', async () => {
    const hub = await open()
    const anna = await hub.addAgent('anna', { echo: 'anna' })
    const { task } = await hub.ask('anna', (await hub.tokenFor()).token).send('hello')
    expect(task!.status.state).toBe('TASK_STATE_FAILED')
    expect(anna.calls).toHaveLength(1)
  })

  test('H9: one after the other stop at `delegationDepth`, and at eight whatever it says', async () => {
    for (const [limit, asked] of [
      [4, 4],
      [32, 8],
    ] as const) {
      const hub = await open({ limits: { delegationDepth: limit } })
      const names = [...'abcdefghij'].map((letter) => `agent-${letter}`)
      const agents: AddedAgent[] = []
      for (const [at, name] of names.entries()) {
        const next = names[at + 1]
        const onward = { onward: ['skill:*'] }
        agents.push(await hub.addAgent(name, next ? { echo: next, delegations: { [next]: onward } } : {}))
      }
      const { task } = await hub.ask(names[0]!, (await hub.tokenFor()).token).send('hello')
      expect(task!.status.state).toBe('TASK_STATE_FAILED')
      // The app is the first that acts, so that one agent less than that is asked by agents.
      expect(countOf(agents)).toBeLessThanOrEqual(asked)
      expect(countOf(agents)).toBeGreaterThanOrEqual(asked - 1)
    }
  })

  test('H9: what one beginning sets off at once is bounded as a whole, and its end makes room', async () => {
    const hub = await open({ limits: { delegationTasks: 5 } })
    const maps = await hub.addAgent('maps')
    const planner = await hub.addAgent('planner')
    const asked = hub.ask('planner', (await hub.tokenFor()).token)
    const fan = await asked.send('fan maps 20 wait', { configuration: { returnImmediately: true } })
    await until(() => maps.calls.length === 5)
    const other = hub.ask('planner', (await hub.tokenFor()).token)
    expect((await other.send('pass maps work')).task!.status.state).toBe('TASK_STATE_FAILED')
    await asked.cancelTask(fan.task!.id)
    await until(() => planner.errors.length >= 16)
    const limited = planner.errors.filter((error) => String(error).includes('for one beginning'))
    expect(limited).toHaveLength(16)
    expect(maps.calls).toHaveLength(5)
  })
})
