import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { TARGET, buildScanner } from './build-scanner.ts'

test('the bytes in the tree are what the source of the scanner compiles to', async () => {
  expect(readFileSync(TARGET, 'utf8') === (await buildScanner()), 'run `npm run build:scanner`').toBe(true)
})
