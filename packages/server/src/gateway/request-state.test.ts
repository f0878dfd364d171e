import { expect, test } from 'vitest'
import { ManualClock } from '../lib/manual-clock.ts'
import { seededRandom } from '../lib/seeded-random.ts'
import { RequestStates, STATE_LIFETIME_MS, type StateBinding } from './request-state.ts'

const binding: StateBinding = {
  subject: 'per_a',
  server: 's',
  method: 'tools/call',
  name: 't',
  argumentsDigest: 'd',
}
const clock = new ManualClock()
const states = () => new RequestStates(seededRandom('key').bytes(32), clock, seededRandom('nonce'))

test('a state opens once, for the same caller and request', () => {
  const one = states()
  const sealed = one.seal({ upstream: 'secret-state' }, binding)
  expect(sealed).not.toContain('secret')
  expect(one.open(sealed, binding)).toEqual({ upstream: 'secret-state' })
  expect(() => one.open(sealed, binding)).toThrow('requestState')
})

test.each<[string, Partial<StateBinding>]>([
  ['another caller', { subject: 'per_b' }],
  ['another server', { server: 'x' }],
  ['another tool', { name: 'u' }],
  ['another method', { method: 'prompts/get' }],
  ['other arguments', { argumentsDigest: 'e' }],
])('it does not open for %s', (_name, change) => {
  const one = states()
  expect(() => one.open(one.seal({ held: 'h' }, binding), { ...binding, ...change })).toThrow('requestState')
})

test('no flipped bit, no other spelling and no upstream state passes', () => {
  const one = states()
  const sealed = one.seal({ upstream: 'x' }, binding)
  for (let at = 4; at < sealed.length; at++) {
    const flipped = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
    expect(() => one.open(flipped, binding), String(at)).toThrow('requestState')
  }
  for (const other of [`${sealed}=`, `${sealed}A`, 'x', '', 'ps1.']) {
    expect(() => one.open(other, binding)).toThrow('requestState')
  }
})

test('it does not open after its time', () => {
  const one = states()
  const sealed = one.seal({ upstream: 'x' }, binding)
  clock.advance(STATE_LIFETIME_MS + 1)
  expect(() => one.open(sealed, binding)).toThrow('requestState')
})
