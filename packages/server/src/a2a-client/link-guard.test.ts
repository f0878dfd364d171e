import { ParleyError } from '@parley/contract'
import { expect, it } from 'vitest'
import { ConnectFailed } from '../egress/index.ts'
import { ManualClock } from '../lib/manual-clock.ts'
import { isNoAnswer, LinkGuard } from './link-guard.ts'
import { AgentCredentialRefused, toStatusError } from './status-error.ts'

const clock = new ManualClock()
const makeGuard = () => new LinkGuard({ name: 'weather', clock, random: undefined, calls: 2, streams: 1 })
const codeOf = (work: () => void): string => {
  try {
    work()
    return 'fine'
  } catch (error) {
    return (error as ParleyError).code
  }
}

it('bounds calls and streams apart', () => {
  const guard = makeGuard()
  guard.enter()
  guard.enter()
  expect(() => guard.enter()).toThrow('The agent "weather" has 2 calls under way; try again later.')
  guard.enterStream()
  expect(codeOf(() => guard.enterStream())).toBe('unavailable')
  guard.leave()
  expect(codeOf(() => guard.enter())).toBe('fine')
  guard.leaveStream()
  expect(codeOf(() => guard.enterStream())).toBe('fine')
})

it('lets nothing through to an agent that is away, but a trial now and then', () => {
  const guard = makeGuard()
  const away = new ConnectFailed('ECONNREFUSED')
  for (let time = 0; time < 3; time++) guard.failed(away)
  expect(guard.health).toMatchObject({ state: 'unreachable', lastError: away.message })
  expect(codeOf(() => guard.enter())).toBe('upstream_unavailable')
  expect(codeOf(() => guard.enterStream())).toBe('upstream_unavailable')
  clock.advance(300)
  expect(codeOf(() => guard.enter())).toBe('fine')
  guard.seen()
  expect(guard.health).toEqual({ state: 'ready', lastError: undefined, lastSeenAt: clock.now() })
  expect(codeOf(() => guard.enterStream())).toBe('fine')
})

it('goes on asking an agent that answers, however wrong', () => {
  const guard = makeGuard()
  for (let time = 0; time < 10; time++) guard.failed(new ParleyError('upstream_invalid', 'no JSON'))
  expect(guard.health.state).toBe('failing')
  expect(codeOf(() => guard.enter())).toBe('fine')
})

it.each([
  [new ConnectFailed('ECONNREFUSED'), true],
  [new ParleyError('upstream_unavailable', 'broken'), true],
  [new ParleyError('egress_refused', 'private'), true],
  [toStatusError(502), true],
  [toStatusError(503), true],
  [toStatusError(500), false],
  [toStatusError(404), false],
  [new AgentCredentialRefused(401), false],
  [new ParleyError('upstream_timeout', 'late'), false],
  [new ParleyError('upstream_invalid', 'odd'), false],
])('whether there was no answer at all: %s', (error, wanted) => {
  expect(isNoAnswer(error)).toBe(wanted)
})
