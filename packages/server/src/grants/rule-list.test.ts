import { expect, test } from 'vitest'
import { matchesPattern } from './pattern.ts'
import { RuleList } from './rule-list.ts'

const STARTS = [
  '',
  'tool:',
  'tool:files',
  'tool:files/',
  'tool:files/r',
  'tool:files/read',
  'tool:files/read_text',
  'tool:filesystem/',
  'tool:mail/',
  'tool:mail/send',
  'prompt:files/',
  'resource:files/',
  'resource:files/file:///docs/',
  'resource:files/file:///docs/a',
  'resource:files/file:///',
]
const NAMES = [
  'tool:files/read',
  'tool:files/read_text_file',
  'tool:files/',
  'tool:filesystem/read',
  'tool:mail/send',
  'tool:other/read',
  'prompt:files/greet',
  'resource:files/file:///docs/a.md',
  'resource:files/file:///docs/../secret',
  'resource:files/file:///docs/%2e%2e/secret',
]

test('few patterns and many name the same capabilities as each pattern does alone', () => {
  for (const count of [1, 5, 12, 13, STARTS.length]) {
    const list = new RuleList()
    const starts = STARTS.slice(-count)
    for (const start of starts) list.add({ start, where: [] })
    for (const name of NAMES) {
      const named = list.naming(name).map(({ start }) => start)
      const expected = starts.filter((start) => matchesPattern(`${start}*`, name))
      expect(named.toSorted(), name).toEqual(expected.toSorted())
    }
  }
})
