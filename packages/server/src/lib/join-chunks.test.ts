import { expect, it } from 'vitest'
import { joinChunks } from './join-chunks.ts'

it('joins chunks in their order and gives their memory back', () => {
  const chunks = [Buffer.alloc(70_000, 'a'), Buffer.alloc(70_000, 'b')]
  const whole = joinChunks(chunks)
  expect(whole.toString()).toBe('a'.repeat(70_000) + 'b'.repeat(70_000))
  expect(chunks.map((chunk) => chunk.buffer.byteLength)).toEqual([0, 0])
})

it('joins parts of one buffer', () => {
  const read = Buffer.alloc(200_000, 'a').fill('b', 150_000)
  const whole = joinChunks([read.subarray(10, 20), read.subarray(149_999, 150_001)])
  expect(whole.toString()).toBe('aaaaaaaaaaab')
})

it('leaves alone what lies in the pool, which others share', () => {
  const [one, stranger, two] = ['one', 'stranger', 'two'].map((text) => Buffer.from(text))
  expect(one!.buffer).toBe(stranger!.buffer)
  expect(joinChunks([one!, two!]).toString()).toBe('onetwo')
  expect(stranger!.toString()).toBe('stranger')
})

it('answers a single chunk itself', () => {
  const only = Buffer.alloc(70_000, 'a')
  expect(joinChunks([only])).toBe(only)
  expect(only.length).toBe(70_000)
})
