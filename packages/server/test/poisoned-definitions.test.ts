import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scanDefinition } from '../src/content-guard/index.ts'
import { readTools } from '../src/tool-search/fixtures/labelled-tools.ts'

const FIXTURES = join(import.meta.dirname, '../src/content-guard/fixtures')
const read = (name: string) =>
  JSON.parse(readFileSync(join(FIXTURES, name), 'utf8')) as Record<string, unknown>[]

describe('the corpus of definitions', () => {
  const poisoned = read('poisoned.json')
  const benign = [...read('benign.json'), ...readTools()]

  test('T5: of the poisoned ones at least 95 % are flagged', () => {
    expect(poisoned.length).toBeGreaterThanOrEqual(40)
    const missed = poisoned.filter((definition) => scanDefinition(definition).length === 0)
    expect(missed.length / poisoned.length).toBeLessThanOrEqual(0.05)
  })

  test('T5: of the harmless ones at most 2 % are', () => {
    expect(benign.length).toBeGreaterThanOrEqual(500)
    const flagged = benign.filter((definition) => scanDefinition(definition).length > 0)
    expect(flagged.length / benign.length).toBeLessThanOrEqual(0.02)
  })
})
