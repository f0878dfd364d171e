import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runParley } from './run-parley.ts'

test('the tour takes its thirteen steps for real, and leaves nothing behind', async () => {
  const { code, out } = await runParley(import.meta.dirname, 'tour', '--json')
  expect(code, out).toBe(0)
  const { ok, url, steps } = JSON.parse(out)
  expect(ok).toBe(true)
  expect(steps.map(({ name }: { name: string }) => name)).toEqual([
    'request analysis',
    'consent',
    'access request',
    'data provisioning',
    'context integration',
    'response',
    'user request',
    'coordination',
    'discovery by card',
    'delegation',
    'live communication',
    'progress',
    'artifact',
  ])
  const found = steps
    .flatMap(({ facts }: { facts: { found: string }[] }) => facts.map((fact) => fact.found))
    .join()
  expect(found).toContain('HTTP 401')
  expect(found).toContain('Access denied')
  expect(found).toContain('decision allow, because of builtin:grant')
  expect(found).toContain('she leaves on group.files.read, group.memory.read')
  expect(found).toContain('she is asked at that moment')
  expect(found).toContain('tool:files/write_file deny')
  expect(found).not.toContain('not for apps')
  expect(found).toContain('the planner has heard nothing')
  expect(found).toMatch(/signed by the hub's key \S+,its signature does not hold/)
  expect(found).toMatch(
    /a delegation that allows skill:weather\/weather, 1 call,per_\w+ → parley-cli → agt_\w+/,
  )
  expect(found).toContain('refused with HTTP 401, 401, 401')
  expect(found).toMatch(/“Sun until four,”(.|\n)*“Sun until four, then rain. So: /)
  expect(found).toContain('auth required → The person allowed it.')
  const [home = ''] = /\S*parley-tour-\w+/.exec(found) ?? []
  expect(home).toContain('parley-tour-')
  expect(existsSync(home)).toBe(false)
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

test('people read each step as it is taken', async () => {
  const { code, out } = await runParley(import.meta.dirname, 'tour', 'a2a')
  expect(code, out).toBe(0)
  expect(out).toMatch(/Agents work together\n\n1\. user request[\s\S]*7\. artifact[\s\S]*museum after four/)
  expect(out).not.toContain('FAIL')
  expect(out).not.toContain('request analysis')
})
