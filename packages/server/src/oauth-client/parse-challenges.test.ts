import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseChallenges } from './parse-challenges.ts'
import { readBearerChallenge } from './read-bearer-challenge.ts'

test('CL1: a challenge is read whatever stands beside it', () => {
  const text =
    'Basic realm="a, b=\\"c\\"", Negotiate YWJj==, Bearer resource_metadata="https://a.example/x?y=1,2" , scope = "r w", error=insufficient_scope,DPoP algs="ES256"'
  expect(parseChallenges(text).map(({ scheme, params }) => [scheme, Object.fromEntries(params)])).toEqual([
    ['basic', { realm: 'a, b="c"' }],
    ['negotiate', {}],
    ['bearer', { resource_metadata: 'https://a.example/x?y=1,2', scope: 'r w', error: 'insufficient_scope' }],
    ['dpop', { algs: 'ES256' }],
  ])
})

test.each([
  ['nothing', undefined, undefined],
  ['another scheme', 'Basic realm="x"', undefined],
  ['bare', 'Bearer', { resourceMetadata: undefined, scope: undefined, error: undefined }],
  [
    'upper case and a repeated name',
    'BEARER SCOPE="a", scope="b"',
    { resourceMetadata: undefined, scope: 'a', error: undefined },
  ],
  [
    'a scope that is none',
    'Bearer scope="a  b"',
    { resourceMetadata: undefined, scope: undefined, error: undefined },
  ],
])('CL1: a bearer challenge: %s', (_, header, expected) => {
  expect(readBearerChallenge(header)).toEqual(expected)
})

test('CL1: no header makes the reader hang or throw', () => {
  const piece = fc.oneof(fc.string(), fc.constantFrom('Bearer ', 'a="', '\\"', ',', '=', ' ', 'scope="x"'))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const started = performance.now()
      readBearerChallenge(pieces.join(''))
      expect(performance.now() - started).toBeLessThan(100)
    }),
  )
})
