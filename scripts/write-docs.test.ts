import { Ajv2020 } from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { expect, test } from 'vitest'
import { exampleConfig } from '../packages/cli/src/example-config.ts'
import { readPage, referencePages } from './write-docs.ts'

test.each(Object.entries(referencePages()))(
  'docs/%s says what the code says (npm run docs)',
  (name, text) => {
    expect(readPage(name)).toBe(text)
  },
)

test('the published schema takes what init writes, and refuses what the hub refuses', () => {
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(readPage('parley.schema.json')))
  expect(
    validate(parse(exampleConfig(join(import.meta.dirname, '..')).text)),
    JSON.stringify(validate.errors),
  ).toBe(true)
  expect(validate({ listen: { prot: 1 } })).toBe(false)
  expect(validate({ servers: { 'Not A Name': { url: 'http://localhost:1' } } })).toBe(false)
  expect(validate({ limits: { bodyBytes: 1 } })).toBe(false)
})

test('docs/operations.md names every metric', async () => {
  const page = readPage('operations.md')
  const { createMetrics } = await import('../packages/server/src/metrics/index.ts')
  using metrics = createMetrics()
  const state = { version: '', streams: 0, sessions: 0, servers: [] }
  const activity = { queued: 0, dropped: 0, lastSeq: 0 }
  const webhooks = { delivered: 0, failed: 0, waiting: 0, active: 0, disabled: 0 }
  const store = { writable: true, waitingUnits: 0 }
  const text = metrics.text({ ...state, activity, webhooks, store })
  for (const [, name] of text.matchAll(/^# TYPE (\w+)/gm)) expect(page).toContain(`\`${name}\``)
})

test('README stays short, and what it links to is there', () => {
  const root = join(import.meta.dirname, '..')
  const text = readFileSync(join(root, 'README.md'), 'utf8')
  expect(text.split('\n').length).toBeLessThanOrEqual(150)
  for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
    expect(() => readFileSync(join(root, target!)), target).not.toThrow()
})
