import { describe, expect, it } from 'vitest'
import { modernHeaders } from './request-headers.ts'

const mirrored = () => [
  { header: 'region', path: ['region'] },
  { header: 'count', path: ['deep', 'count'] },
  { header: 'flag', path: ['flag'] },
  { header: 'nothing', path: ['nothing'] },
  { header: 'proto', path: ['__proto__', 'x'] },
]
const headersOf = (args: object) => {
  const headers = modernHeaders('tools/call', { name: 't', arguments: args as never }, mirrored)
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('mcp-param-')))
}

describe('headers of a modern request', () => {
  it('mirror what the tool annotates, at its exact path, and nothing else', () => {
    expect(
      headersOf({ region: 'us-west1', deep: { count: 42 }, flag: false, nothing: null, other: 'x' }),
    ).toEqual({
      'mcp-param-region': 'us-west1',
      'mcp-param-count': '42',
      'mcp-param-flag': 'false',
    })
    expect(headersOf({ region: { nested: true }, deep: 'no object' })).toEqual({})
  })

  it.each([
    ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
  ])('encode %j', (value, expected) => {
    expect(headersOf({ region: value })).toEqual({ 'mcp-param-region': expected })
  })

  it('write integers in decimal, never with an exponent', () => {
    expect(headersOf({ deep: { count: 1e21 } })).toEqual({ 'mcp-param-count': '1000000000000000000000' })
    expect(headersOf({ deep: { count: -7 } })).toEqual({ 'mcp-param-count': '-7' })
  })

  it('name tools, prompts and resources, and nothing where the method has no name', () => {
    const name = (method: string, params: object) =>
      modernHeaders(method, params as never, () => [])['mcp-name']
    expect(name('prompts/get', { name: 'p' })).toBe('p')
    expect(name('resources/read', { uri: 'a://b', name: 'no' })).toBe('a://b')
    expect(name('tools/list', { name: 'no' })).toBeUndefined()
    expect(name('constructor', { name: 'no' })).toBeUndefined()
  })
})
