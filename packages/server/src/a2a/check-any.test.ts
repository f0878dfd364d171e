import { ParleyError } from '@parley/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkMessage } from './check-message.ts'
import { arbitraryMessage } from './fixtures/arbitrary-message.ts'
import { decodeMessage } from './proto/decode-message.ts'
import { encodeMessage } from './proto/encode-message.ts'
import { MESSAGES, type MessageName } from './schema.ts'

const NAMES = Object.keys(MESSAGES) as MessageName[]
const SPEAKERS = ['client', 'agent'] as const

describe('whatever comes as a message of A2A', () => {
  it('is judged, and never throws', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...NAMES),
        fc.jsonValue(),
        fc.constantFrom(...SPEAKERS),
        (name, json, speaker) => {
          expect(checkMessage(name, json, speaker).kind).toMatch(/^(valid|invalid)$/)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('is refused by its path where one value of a right message is spoiled, or is still right', () => {
    const spoiled = fc
      .tuple(fc.constantFrom(...NAMES), fc.nat(), fc.jsonValue())
      .chain(([name, at, value]) =>
        arbitraryMessage(name).map((json) => ({ name, json: spoil(json, at, value) })),
      )
    fc.assert(
      fc.property(spoiled, fc.constantFrom(...SPEAKERS), ({ name, json }, speaker) => {
        const checked = checkMessage(name, json, speaker)
        if (checked.kind === 'invalid') expect(checked.violations[0]!.description).toMatch(/\.$/)
        else passesThroughProtobuf(name, checked.value, speaker)
      }),
      { numRuns: 1000 },
    )
  })
})

/** What the check lets through has a form in protobuf, which the check lets through too. */
function passesThroughProtobuf(name: MessageName, value: any, speaker: 'client' | 'agent'): void {
  try {
    const back = decodeMessage(name, encodeMessage(name, value))
    expect(checkMessage(name, back, speaker).kind).toBe('valid')
  } catch (error) {
    // Free data may hold names that reach into prototypes, which the strict JSON reader refuses.
    if (!(error instanceof ParleyError && /__proto__|constructor/.test(error.message))) throw error
  }
}

function spoil(json: Record<string, unknown>, at: number, value: unknown): Record<string, unknown> {
  const copy = structuredClone(json)
  const places: [Record<string, unknown>, string][] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key])
      visit((node as Record<string, unknown>)[key])
    }
  }
  visit(copy)
  const place = places[at % Math.max(places.length, 1)]
  if (place !== undefined) place[0][place[1]] = value
  return copy
}
