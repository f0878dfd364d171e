import { expect, test } from 'vitest'
import { diffJson } from '../lib/diff-json.ts'
import { hashDefinition } from './hash-definition.ts'
import { sampleTool } from './test-kit.ts'

test('names the places that changed by JSON Pointer, and nothing else', () => {
  const before = sampleTool()
  const after = structuredClone(before) as Record<string, unknown>
  Object.assign(after['annotations'] as object, { readOnlyHint: true })
  Object.assign(after, { 'a/b~c': 1 })
  delete after['title']
  expect(diffJson(before, after)).toEqual([
    { pointer: '/title', before: 'Send an e-mail', after: undefined },
    { pointer: '/annotations/readOnlyHint', before: false, after: true },
    { pointer: '/a~1b~0c', before: undefined, after: 1 },
  ])
  expect(diffJson(before, structuredClone(before))).toEqual([])
})

test('compares arrays place by place, and kinds of value', () => {
  expect(diffJson({ a: [1, 2, 3] }, { a: [1, 4] })).toEqual([
    { pointer: '/a/1', before: 2, after: 4 },
    { pointer: '/a/2', before: 3, after: undefined },
  ])
  expect(diffJson({ a: [] }, { a: {} })).toEqual([{ pointer: '/a', before: [], after: {} }])
  expect(diffJson({ a: null }, {})).toEqual([{ pointer: '/a', before: null, after: undefined }])
})

test('is bounded in number and size', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`k${at}`, at]))
  expect(diffJson({}, many)).toHaveLength(200)
  const [change] = diffJson({}, { a: 'x'.repeat(10_000) })
  expect(String(change?.after).length).toBeLessThan(4100)
})

test('an own __proto__ member is a member like any other', () => {
  const before = JSON.parse('{"__proto__":{"a":1}}') as Record<string, unknown>
  expect(diffJson(before, {})).toEqual([{ pointer: '/__proto__', before: { a: 1 }, after: undefined }])
  expect(hashDefinition(before).hash).not.toBe(hashDefinition({}).hash)
})
