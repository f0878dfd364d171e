import { describe, expect, test } from 'vitest'
import { readParamHeaders } from './read-param-headers.ts'

const schema = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const header = (name: unknown, type: unknown = 'string') => ({ type, 'x-mcp-header': name })

describe('x-mcp-header annotations (P9)', () => {
  test('are read with the path that leads to them', () => {
    const found = readParamHeaders(
      schema({
        region: header('Region'),
        options: schema({
          dry: header('Dry-Run', 'boolean'),
          deep: schema({ level: header('Level', 'integer') }),
        }),
        'a/b': header("X!#$%&'*+-.^_`|~9"),
        plain: { type: 'number' },
      }),
    )
    expect(found).toEqual({
      kind: 'ok',
      headers: [
        { header: 'region', path: ['region'], type: 'string' },
        { header: 'dry-run', path: ['options', 'dry'], type: 'boolean' },
        { header: 'level', path: ['options', 'deep', 'level'], type: 'integer' },
        { header: "x!#$%&'*+-.^_`|~9", path: ['a/b'], type: 'string' },
      ],
    })
  })

  test.each([
    ['empty', schema({ a: header('') })],
    ['not a string', schema({ a: header(1) })],
    ['null', schema({ a: header(null) })],
    ['with CR and LF', schema({ a: header('A\r\nX-Evil: 1') })],
    ['with a trailing LF', schema({ a: header('A\n') })],
    ['with a NUL', schema({ a: header('A\0') })],
    ['with a blank', schema({ a: header('A B') })],
    ['with a colon', schema({ a: header('A:') })],
    ['in foreign letters', schema({ a: header('R\u00e9gion') })],
    ['endless', schema({ a: header('a'.repeat(129)) })],
    ['twice, but for case', schema({ a: header('Region'), b: header('region') })],
    ['twice, at different depths', schema({ a: header('R'), b: schema({ c: header('r') }) })],
    ['on a number', schema({ a: header('A', 'number') })],
    ['on an object', schema({ a: { ...schema({}), 'x-mcp-header': 'A' } })],
    ['on an array', schema({ a: header('A', 'array') })],
    ['on null', schema({ a: header('A', 'null') })],
    ['on a union of types', schema({ a: header('A', ['string', 'null']) })],
    ['without a type', schema({ a: { 'x-mcp-header': 'A' } })],
    ['on the schema itself', { ...schema({}), 'x-mcp-header': 'A' }],
    ['under items', schema({ a: { type: 'array', items: header('A') } })],
    ['under properties under items', schema({ a: { type: 'array', items: schema({ b: header('A') }) } })],
    ['under prefixItems', schema({ a: { type: 'array', prefixItems: [header('A')] } })],
    ['under oneOf', schema({ a: { oneOf: [header('A')] } })],
    ['under anyOf at the root', schema({}, { anyOf: [schema({ a: header('A') })] })],
    ['under allOf', schema({ a: { allOf: [header('A')] } })],
    ['under not', schema({ a: { not: header('A') } })],
    ['under if', schema({}, { if: schema({ a: header('A') }) })],
    ['under then', schema({}, { ['then' as string]: schema({ a: header('A') }) })],
    ['under else', schema({}, { else: schema({ a: header('A') }) })],
    ['under $defs', schema({ a: { $ref: '#/$defs/a' } }, { $defs: { a: header('A') } })],
    ['under additionalProperties', schema({}, { additionalProperties: header('A') })],
    ['under patternProperties', schema({}, { patternProperties: { '^a': header('A') } })],
    ['under dependentSchemas', schema({}, { dependentSchemas: { a: schema({ b: header('A') }) } })],
    ['under an unknown keyword', schema({}, { 'x-other': schema({ a: header('A') }) })],
  ])('%s make the tool invalid', (_what, inputSchema) => {
    expect(readParamHeaders(inputSchema)).toMatchObject({ kind: 'violation' })
  })

  test('are not mistaken for data, nor for a parameter of that name', () => {
    const data = schema({
      a: { type: 'object', default: { 'x-mcp-header': 'A' }, examples: [{ 'x-mcp-header': 1 }] },
    })
    expect(readParamHeaders(data)).toEqual({ kind: 'ok', headers: [] })
    expect(readParamHeaders(schema({ 'x-mcp-header': { type: 'string' } }))).toEqual({
      kind: 'ok',
      headers: [],
    })
    expect(readParamHeaders(undefined)).toEqual({ kind: 'ok', headers: [] })
  })

  test('are at most 32', () => {
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`p${at}`, header(`H${at}`)]))
    expect(readParamHeaders(schema(many))).toMatchObject({ kind: 'violation' })
  })
})
