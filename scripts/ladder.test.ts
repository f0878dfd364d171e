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

/** `import … from`, `export … from`, an import for its effect, and `import()`. */
const IMPORT = /^(?:(?:import|export)\b[^'"]*?from|import) '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gms

function edgesOf(file: string, text: string): Edge[] {
  return [...text.matchAll(IMPORT)].map((match) => ({
    from: file,
    to: relative(source, resolve(source, dirname(file), (match[1] ?? match[2])!)),
  }))
}

const edges = files.flatMap((file) => edgesOf(file, readFileSync(join(source, file), 'utf8')))

test('every way to write an import is seen', () => {
  const text = `import { a } from '../lib/a.ts'
import type {
  B,
} from '../lib/b.ts'
export { c } from './c.ts'
import './d.ts'
const e = await import('../api/e.ts')
import { f } from 'node:fs'`
  const seen = edgesOf('gateway/x.ts', text).map(({ to }) => to)
  expect(seen).toEqual(['lib/a.ts', 'lib/b.ts', 'gateway/c.ts', 'gateway/d.ts', 'api/e.ts'])
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
  const quoted = [...text.matchAll(/^\| (\d+) \| `([\w.-]+)` \|/gm)].map((row) => [row[2], Number(row[1])])
  expect(Object.fromEntries(quoted)).toEqual(LADDER)
})
