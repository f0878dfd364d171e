import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runParley } from './run-parley.ts'

test('the tour takes its six steps for real, and leaves nothing behind', async () => {
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
  const [home = ''] = /\S*parley-tour-\w+/.exec(found) ?? []
  expect(home).toContain('parley-tour-')
  expect(existsSync(home)).toBe(false)
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

test('people read each step as it is taken', async () => {
  const { code, out } = await runParley(import.meta.dirname, 'tour')
  expect(code).toBe(0)
  expect(out).toMatch(/1\. request analysis[\s\S]*6\. response[\s\S]*Ada Lovelace/)
  expect(out).not.toContain('FAIL')
})
