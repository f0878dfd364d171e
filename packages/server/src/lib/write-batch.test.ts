import { expect, it } from 'vitest'
import { WriteBatch } from './write-batch.ts'

it('makes the writes of a turn together, in their order, after everything else of the turn', async () => {
  const batch = new WriteBatch()
  const seen: string[] = []
  batch.add(() => seen.push('first'))
  batch.add(() => seen.push('second'))
  await Promise.resolve()
  process.nextTick(() => seen.push('read on'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(seen).toEqual(['read on', 'first', 'second'])
})

it('makes a write that another one leads to in the next turn', async () => {
  const batch = new WriteBatch()
  const seen: string[] = []
  batch.add(() => batch.add(() => seen.push('later')))
  await new Promise((resolve) => setImmediate(resolve))
  expect(seen).toEqual([])
  await new Promise((resolve) => setImmediate(resolve))
  expect(seen).toEqual(['later'])
})
