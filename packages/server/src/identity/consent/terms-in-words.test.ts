import { expect, test } from 'vitest'
import { durationInWords, limitsInWords, ruleInWords } from './terms-in-words.ts'

test.each([
  ['tool:files/read_text_file', 'tool:files/read_text_file'],
  ['tool:files/read_*', 'all tools of files that begin with “read_”'],
  ['tool:files/*', 'all tools of files'],
  ['tool:fi*', 'all tools of servers that begin with “fi”'],
  ['tool:*', 'all tools of every server'],
  ['to*', 'everything whose name begins with “to”'],
  ['*', 'everything you may use'],
  ['resource:web/https://good.example/*', 'all resources of web that begin with “https://good.example/”'],
])('PX2: %s is told as: %s', (capability, words) => {
  expect(ruleInWords({ capability })).toBe(words)
})

test('PX2: every constraint and limit is told, and none is left out', () => {
  const where = [
    { pointer: '/a/b~1c', prefix: '/tmp/' },
    { pointer: '/n', atLeast: 1, atMost: 5 },
    { pointer: '/to', oneOf: ['x', 2, null] },
    { pointer: '/from', equals: true },
  ]
  expect(ruleInWords({ capability: 'tool:mail/send', where })).toBe(
    'tool:mail/send, only where a › b/c begins with “/tmp/”, and n is at least 1 and is at most 5, and to is one of “x”, 2, null, and from is exactly true',
  )
  expect(limitsInWords({ calls: 1, callsPerMinute: 60, amount: { pointer: '/euro', total: 100 } })).toEqual([
    '1 call in all',
    '60 calls a minute',
    'euro adds up to 100 at most, over all calls',
  ])
  expect([60, 90, 7200, 86_400].map(durationInWords)).toEqual(['1 minute', '90 seconds', '2 hours', '1 day'])
})
