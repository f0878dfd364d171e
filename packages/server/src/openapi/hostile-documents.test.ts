import { describe, expect, test } from 'vitest'
import { readDocument } from './read-document.ts'
import { Translator } from './translator.ts'

const base = 'https://a.test/'
const NEVER = new AbortController().signal

async function translate(document: string | object, selection = {}) {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  return new Translator().translate({ bytes: Buffer.from(text), base, selection }, NEVER)
}

const withSchema = (schema: object, schemas: object = {}) => ({
  openapi: '3.1.0',
  paths: {
    '/a': { post: { operationId: 'a', requestBody: { content: { 'application/json': { schema } } } } },
    '/b': { get: { operationId: 'b' } },
  },
  components: { schemas },
})

describe('documents that are none', () => {
  test.each([
    ['', 'is no object'],
    ['{"openapi":"3.0.0"', 'is no clean JSON'],
    ['{"openapi":"3.0.0","openapi":"3.1.0"}', 'is no clean JSON'],
    ['{"swagger":"2.0"}', 'is Swagger 2.0'],
    ['{"openapi":"4.0.0"}', 'is OpenAPI 4.0.0'],
    ['hello', 'is no object'],
    ['a: [1', 'is neither JSON nor YAML'],
    ['a: 1\na: 2', 'is neither JSON nor YAML'],
    [`a: ${'['.repeat(200)}${']'.repeat(200)}`, 'is nested more than 64 levels deep'],
    ['{"openapi":"3.0.0","x":' + '['.repeat(100) + ']'.repeat(100) + '}', 'more than 64 levels deep'],
  ])('%j is refused with what is wrong', async (text, words) => {
    await expect(readDocument(Buffer.from(text))).rejects.toThrow(words)
  })

  test('YAML that repeats itself by aliases is refused', async () => {
    const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x]']
    for (let at = 1; at < 12; at++)
      lines.push(`a${at}: &a${at} [${Array.from({ length: 9 }, () => `*a${at - 1}`).join(',')}]`)
    await expect(readDocument(Buffer.from(lines.join('\n')))).rejects.toThrow('neither JSON nor YAML')
  })
})

describe('references', () => {
  test.each([
    'other.yaml#/a',
    'https://evil.test/a.json#/a',
    'file:///etc/passwd',
    '#/components/schemas/None',
    '#/%zz',
  ])('to %j leave the operation out alone, with the place', async ($ref) => {
    const { tools, omitted } = await translate(withSchema({ $ref }))
    expect([...tools.keys()]).toEqual(['b'])
    expect(omitted).toEqual([expect.stringMatching(/^POST \/a: .*\(at #\/paths\/~1a\/post\/requestBody/)])
  })

  test('in a circle are kept as references, and a circle of nothing but references is left out', async () => {
    const node = {
      type: 'object',
      properties: { next: { $ref: '#/components/schemas/Node' }, text: { type: 'string' } },
    }
    const { tools } = await translate(withSchema({ $ref: '#/components/schemas/Node' }, { Node: node }))
    expect(tools.get('a')!.definition['inputSchema']).toMatchObject({
      properties: { next: { $ref: '#/$defs/Node' } },
      $defs: { Node: { properties: { next: { $ref: '#/$defs/Node' } } } },
    })
    const circle = { A: { $ref: '#/components/schemas/B' }, B: { $ref: '#/components/schemas/A' } }
    const { omitted } = await translate(withSchema({ $ref: '#/components/schemas/A' }, circle))
    expect(omitted).toHaveLength(1)
  })

  test('names like those of every object stand for themselves alone', async () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"toString":{"type":"string"},"constructor":{"type":"string"}}}',
    )
    const { tools } = await translate(withSchema(schema))
    const properties = (tools.get('a')!.definition['inputSchema'] as any).properties
    expect(Object.keys(properties)).toEqual(['toString', 'constructor'])
    expect(Object.getPrototypeOf(properties)).toBe(Object.prototype)
  })
})

describe('documents that take long', () => {
  test('a schema that unfolds without end ends in time', { timeout: 30_000 }, async () => {
    const many = Array.from({ length: 50 }, () => ({ $ref: '#/components/schemas/A' }))
    const started = performance.now()
    await translate(withSchema({ $ref: '#/components/schemas/A' }, { A: { allOf: many } })).catch(
      () => undefined,
    )
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  test('a hub that stops does not wait for it', async () => {
    const stop = new AbortController()
    const bytes = Buffer.from(JSON.stringify(withSchema({})))
    const translating = new Translator().translate({ bytes, base, selection: {} }, stop.signal)
    stop.abort(new Error('the hub stops'))
    await expect(translating).rejects.toThrow('the hub stops')
  })
})

test('what the hub would understand is not taken from a document', async () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'string', 'x-mcp-header': 'Host', $id: 'https://evil.test/' } },
  }
  const { tools } = await translate(withSchema(schema))
  expect(JSON.stringify(tools.get('a')!.definition)).not.toMatch(/x-mcp-header|evil/)
})
