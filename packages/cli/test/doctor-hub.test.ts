import { expect, test } from 'vitest'
import { startTestHub } from '../../server/test/start-test-hub.ts'
import { examine } from '../src/doctor/examine.ts'
import { runParley } from './run-parley.ts'

test("the hub's own sign-in has nothing to mend, and it takes native apps but no plain http elsewhere", async () => {
  await using hub = await startTestHub()
  for (const path of ['/mcp', '/api']) {
    const found = await examine(new URL(path, hub.url), {}, { register: true })
    expect(found.findings.filter(({ verdict }) => verdict !== 'good')).toEqual([])
    expect(found).toMatchObject({ ok: true, signIn: 'sound' })
  }
})

test('with a credential the doctor looks past the door', async () => {
  await using hub = await startTestHub()
  const { code, out } = await runParley(
    import.meta.dirname,
    'doctor',
    `${hub.url}/mcp`,
    '--header',
    `Authorization: Bearer ${hub.key}`,
  )
  expect([code, out]).toEqual([0, expect.stringContaining('Parley can use this server')])
  expect(out).not.toContain(hub.key)
})
