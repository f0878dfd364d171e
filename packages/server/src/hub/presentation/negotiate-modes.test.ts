import { describe, expect, test } from 'vitest'
import type { AgentEntry } from '../../directory/index.ts'
import { negotiateModes } from './negotiate-modes.ts'
import { readWish, type Asking } from './wish.ts'

function agent(defaultOutputModes: readonly string[], ...skillModes: (readonly string[])[]): AgentEntry {
  const skills = skillModes.map((outputModes) => ({ outputModes }))
  return { card: { defaultOutputModes }, skills, extensions: [] } as unknown as AgentEntry
}

describe('point 7: what an agent is asked for', () => {
  test('what it has is asked for in the client’s order, a wildcard as what it has of it', () => {
    const offering = agent(['text/plain'], ['text/html', 'image/png'], [])
    expect(negotiateModes(offering, ['image/*', 'text/plain'])).toEqual(['image/png', 'text/plain'])
    expect(negotiateModes(offering, ['*/*'])).toEqual(['text/html', 'image/png', 'text/plain'])
    // A type that it does not name may be had all the same.
    expect(negotiateModes(offering, ['audio/wav', 'text/html'])).toEqual(['text/html', 'audio/wav'])
    expect(negotiateModes(offering, ['text/plain;charset=utf-8'])).toEqual(['text/plain;charset=utf-8'])
  })

  test('where it has nothing of it, it is asked for what can be converted, else refused', () => {
    expect(negotiateModes(agent(['text/markdown', 'application/pdf']), ['text/html'])).toEqual([
      'text/html',
      'text/markdown',
    ])
    expect(negotiateModes(agent(['application/ld+json']), ['text/csv'])).toEqual([
      'text/csv',
      'application/ld+json',
    ])
    for (const [has, asked] of [
      ['application/pdf', 'text/plain'],
      ['text/html', 'text/markdown'],
      ['image/png', 'application/json'],
      ['text/plain', 'image/png'],
    ])
      expect(() => negotiateModes(agent([has!]), [asked!])).toThrow(has)
  })

  test('what nobody understands is left as it is said', () => {
    expect(negotiateModes(agent(['anything goes']), ['video/mp4'])).toEqual(['video/mp4'])
    expect(negotiateModes(agent([]), ['video/mp4'])).toEqual(['video/mp4'])
    expect(negotiateModes(agent(['text/plain']), ['video mp4'])).toEqual(['video mp4'])
    // Older agents have words of their own.
    expect(negotiateModes(agent(['text']), ['text/plain'])).toEqual(['text/plain'])
  })

  test('a message that wants nothing costs nothing: no wish is made of it', () => {
    const asking: Asking = {
      principal: { subject: 'key_1', chain: [] } as unknown as Asking['principal'],
      agent: agent(['text/plain']),
      operation: 'SendMessage',
      request: { message: { metadata: { other: 1 } }, configuration: { acceptedOutputModes: [] } },
      presentation: undefined,
    }
    expect(readWish(asking, () => undefined)).toBeUndefined()
    const ofPush = { ...asking, operation: 'GetTaskPushNotificationConfig' as const, presentation: '{' }
    expect(readWish(ofPush, () => ({ language: 'de' }))).toBeUndefined()
  })
})
