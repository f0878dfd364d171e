import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { LADDER } from './ladder.ts'

const source = resolve(import.meta.dirname, '../packages/server/src')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
)

const roomOf = (path: string) => path.split('/')[0]!

interface Edge {
  readonly from: string
  readonly to: string
}

const edges: Edge[] = files.flatMap((file) => {
  const text = readFileSync(join(source, file), 'utf8')
  const imports = [...text.matchAll(/^(?:import|export)[^'"]*?from '(\.[^']+)'/gms)].map((match) => match[1]!)
  return imports.map((path) => ({ from: file, to: relative(source, resolve(source, dirname(file), path)) }))
})

test('every room has its floor, and every floor its room', () => {
  expect([...new Set(files.map(roomOf))].sort()).toEqual(Object.keys(LADDER).sort())
})

test('imports go down the ladder, never sideways or up', () => {
  expect(edges.length).toBeGreaterThan(100)
  const wrong = edges.filter(
    ({ from, to }) => roomOf(from) !== roomOf(to) && LADDER[roomOf(from)]! <= LADDER[roomOf(to)]!,
  )
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([])
})

test('a room is entered through its index.ts', () => {
  const wrong = edges.filter(({ from, to }) => {
    if (roomOf(from) === roomOf(to) || roomOf(to) === 'lib' || !to.includes('/')) return false
    return to !== `${roomOf(to)}/index.ts` && !from.endsWith('.test.ts')
  })
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([])
})

test('ARCHITECTURE.md quotes the ladder as it is', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../ARCHITECTURE.md'), 'utf8')
  for (const [room, floor] of Object.entries(LADDER)) expect(text).toContain(`| ${floor} | \`${room}\` |`)
})
