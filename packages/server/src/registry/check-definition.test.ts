import { expect, test } from 'vitest'
import { checkDefinition } from './check-definition.ts'
import { HashCache } from './hash-cache.ts'
import { sampleTool } from './test-kit.ts'

test.each([
  ['a lone surrogate', { name: 'a', description: '\ud800' }],
  ['a number that JSON cannot hold', { name: 'a', weight: Number.POSITIVE_INFINITY }],
  ['nesting without end', { name: 'a', deep: JSON.parse('['.repeat(500) + ']'.repeat(500)) as unknown }],
  ['a list', []],
  ['null', null],
])('%s is unusable', (_what, item) => {
  expect(checkDefinition('tool', item)).toMatchObject({ kind: 'unusable' })
})

test('a definition of exactly 64 KiB is sound, one byte more is not', () => {
  const size = (description: string) => checkDefinition('tool', { name: 'a', description }).kind
  const frame = JSON.stringify({ description: '', name: 'a' }).length
  expect(size('x'.repeat(65_536 - frame))).toBe('sound')
  expect(size('x'.repeat(65_537 - frame))).toBe('unusable')
})

test('a long description is remarked on, and a template is known by its uriTemplate', () => {
  expect(checkDefinition('tool', { name: 'a', description: 'x'.repeat(5000) })).toMatchObject({
    definition: { remark: 'its description is longer than 4096 bytes' },
  })
  expect(checkDefinition('template', { uriTemplate: 'file:///{path}', name: 'files' })).toMatchObject({
    definition: { name: 'file:///{path}' },
  })
})

test('the cache answers like the check, also when the same content comes in another order', () => {
  const cache = new HashCache()
  const checked = checkDefinition('tool', sampleTool())
  const hash = checked.kind === 'sound' ? checked.definition.hash : undefined
  const turned = Object.fromEntries(Object.entries(sampleTool()).toReversed())
  expect(cache.check('tool', sampleTool())).toMatchObject({ kind: 'sound' })
  expect(cache.check('tool', sampleTool())).toEqual({ hash })
  expect(cache.check('tool', turned)).toMatchObject({ kind: 'sound', definition: { hash } })
  expect(cache.check('tool', { ...sampleTool(), title: 'Other' })).toMatchObject({ kind: 'sound' })
  expect(cache.check('prompt', sampleTool())).not.toHaveProperty('hash', undefined)
})

test.each(['send\u00a0', ' send', 'send\u2028me', ' ', 'se\u3000nd'])(
  'the name %j with a hidden blank is not even stored; a plain space inside is',
  (name) => {
    expect(checkDefinition('tool', { name })).toMatchObject({
      kind: 'unusable',
      reason: 'its name holds blanks that cannot be seen',
    })
    expect(checkDefinition('tool', { name: 'send me' }).kind).toBe('sound')
  },
)
