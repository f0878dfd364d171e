import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

test('the code of docs/agents-sdk.md stands so in the example, which is run', () => {
  const example = read('examples/express-agent/main.ts')
  const blocks = [...read('docs/agents-sdk.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!)
  expect(blocks.length).toBeGreaterThan(2)
  for (const block of blocks) expect(example).toContain(block)
})
