import { setTimeout as sleep } from 'node:timers/promises'
import { knows } from '@parley/contract'
import type { Driver } from '../drivers/driver.ts'
import { textOf } from './basic-features.ts'
import { expect, notOffered } from './feature.ts'
import type { Feature, Proof } from './feature.ts'

const waitLimitMs = 8000
const watchedUri = 'test://watched-resource'

/** What takes several steps, shown on the fixture. */
export const fixtureFeatures: Feature[] = [
  onFixture('logging', async ({ driver }) => {
    const { logs } = liveOf(driver)
    const before = logs.length
    await driver.callTool({ name: 'test_tool_with_logging', withLogs: true })
    await until(
      () => logs.length - before >= 3,
      () => `heard ${logs.length - before} of 3 messages`,
    )
  }),
  onFixture('cancellation', async ({ driver }) => {
    const before = await cancelledCount(driver)
    const leaving = new AbortController()
    const call = driver.callTool({
      name: 'test_cancellable',
      args: { milliseconds: 60_000 },
      signal: leaving.signal,
      onProgress: () => leaving.abort(),
    })
    const outcome = await call.then(
      () => 'answered',
      () => 'cancelled',
    )
    expect(outcome === 'cancelled', 'the call was answered')
    await until(
      async () => (await cancelledCount(driver)) === before + 1,
      () => 'the upstream did not hear of it',
    )
  }),
  {
    name: 'withdrawal',
    isMissingFrom: (upstream, clientRevision) => {
      if (upstream.isFixture !== true) return notOffered
      if (upstream.isForSdks !== true && !knows(clientRevision, 'elicitation'))
        return `this server asks by elicitation, which is not part of ${clientRevision}`
      const hasRequests = upstream.revision !== '2026-07-28' && clientRevision !== '2026-07-28'
      return hasRequests ? undefined : 'in 2026-07-28 servers send no requests that they could take back'
    },
    async prove({ driver }) {
      const live = liveOf(driver)
      const before = live.withdrawnQuestions()
      const text = textOf(await driver.callTool({ name: 'test_withdrawn_question' }))
      expect(text.startsWith('Withdrawn'), `answered ${text}`)
      await until(
        () => live.withdrawnQuestions() === before + 1,
        () => 'the client did not hear of it',
      )
    },
  },
  onFixture('list changes', async ({ driver }) => {
    const live = liveOf(driver)
    await live.watch(watchedUri)
    for (const kind of ['tool', 'prompt', 'resource']) {
      await expectChange(driver, `${kind}s`, `test_trigger_${kind}_change`)
      // Twice, so that the next feature finds everything as it was.
      await expectChange(driver, `${kind}s`, `test_trigger_${kind}_change`)
    }
  }),
  onFixture('resource updates', async ({ driver }) => {
    await liveOf(driver).watch(watchedUri)
    await expectChange(driver, watchedUri, 'test_update_watched_resource')
  }),
  onFixture('MCP Apps and _meta', async ({ driver }) => {
    const tool = (await driver.listTools()).find(({ name }) => name === 'test_app')
    const meta = JSON.stringify(tool?._meta)
    const wanted = {
      ui: { resourceUri: 'ui://everything/panel' },
      'example.com/kept': { deep: [1, null, 'x'] },
    }
    expect(meta === JSON.stringify(wanted), `the tool's _meta is ${meta}`)
    const [panel] = (await driver.readResource?.('ui://everything/panel')) ?? []
    expect(panel?.mimeType === 'text/html;profile=mcp-app', `the resource is ${panel?.mimeType}`)
    expect(JSON.stringify(panel?._meta?.ui).includes('prefersBorder'), 'the resource lost its _meta')
    const result = await driver.callTool({ name: 'test_app' })
    expect(
      JSON.stringify(result._meta).includes('"example.com/result":{"kept":true}'),
      'the result lost its _meta',
    )
  }),
  onFixture('trace context', async ({ driver }) => {
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const meta = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, 'example.com/given': { deep: [true] } }
    const seen = textOf(await driver.callTool({ name: 'test_echo_meta', meta }))
    expect(seen.includes(traceId), `the upstream saw ${seen}`)
    expect(seen.includes('"example.com/given":{"deep":[true]}'), `the upstream saw ${seen}`)
  }),
  onFixture('pagination', async ({ driver, connectPaged }) => {
    const whole = (await driver.listTools()).map(({ name }) => name)
    const paged = await connectPaged()
    try {
      const names = (await paged.listTools()).map(({ name }) => name)
      expect(names.join() === whole.join(), `${names.length} of ${whole.length} tools over all pages`)
    } finally {
      await paged.close()
    }
  }),
  onFixture('error codes', async ({ driver, upstream }) => {
    const own = await errorOf(driver.getPrompt?.('test_failing_prompt', {}))
    expect(own.code === 4242, `the prompt's code 4242 came as ${own.code}`)
    const isDataKept = JSON.stringify(own.data)?.includes('by design') === true
    expect(isDataKept || upstream.dropsErrorData === true, `its data came as ${JSON.stringify(own.data)}`)
    const unknown = await errorOf(driver.readResource?.('test://nowhere'))
    // Each revision has its own code for a resource that is not there.
    expect([-32602, -32002].includes(Number(unknown.code)), `an unknown resource gives ${unknown.code}`)
  }),
]

function onFixture(name: string, prove: (proof: Proof) => Promise<void>): Feature {
  return { name, prove, isMissingFrom: ({ isFixture }) => (isFixture === true ? undefined : notOffered) }
}

function liveOf({ live }: Driver): NonNullable<Driver['live']> {
  if (live === undefined) throw new Error('This client hears nothing')
  return live
}

async function cancelledCount(driver: Driver): Promise<number> {
  return Number(textOf(await driver.callTool({ name: 'test_cancelled_count' })))
}

async function expectChange(driver: Driver, change: string, trigger: string): Promise<void> {
  const { changes } = liveOf(driver)
  const before = changes.filter((heard) => heard === change).length
  await driver.callTool({ name: trigger })
  const count = () => changes.filter((heard) => heard === change).length
  await until(
    () => count() > before,
    () => `did not hear of ${change} after ${trigger}`,
  )
}

async function until(isDone: () => boolean | Promise<boolean>, complaint: () => string): Promise<void> {
  const deadline = Date.now() + waitLimitMs
  while (!(await isDone())) {
    if (Date.now() > deadline) throw new Error(complaint())
    await sleep(25)
  }
}

async function errorOf(outcome: Promise<unknown> | undefined): Promise<{ code?: unknown; data?: unknown }> {
  try {
    await outcome
  } catch (error) {
    return error as { code?: unknown; data?: unknown }
  }
  throw new Error('it did not fail')
}
