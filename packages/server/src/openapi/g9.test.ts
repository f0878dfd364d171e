import { describe, expect, test } from 'vitest'
import { seededRandom } from '../lib/seeded-random.ts'
import { buildRequest } from './build-request.ts'
import { OpenApiDocument } from './open-api-document.ts'
import { translateDocument } from './translate-document.ts'

const string = { type: 'string' }
const parameter = (name: string, where: string, more: object = {}) => ({
  name,
  in: where,
  required: where === 'path',
  schema: string,
  ...more,
})
const list = { type: 'array', items: string }
const map = { type: 'object', additionalProperties: string }

/** One operation that takes the value in every place and style there is. */
function callWith(parameters: object[], path = '/items', more: object = {}) {
  const root = {
    openapi: '3.1.0',
    info: { title: 'G9', version: '1' },
    paths: { [path]: { post: { operationId: 'probe', parameters, responses: {}, ...more } } },
  }
  const base = new URL('https://service.test/base/')
  const { tools, omitted } = translateDocument(new OpenApiDocument(root, '3.1'), { base, selection: {} })
  expect(omitted).toEqual([])
  const { call } = tools.get('probe')!
  return (values: object, credential?: Record<string, string>) =>
    buildRequest(call, values, { basePath: '/base', credential, random: seededRandom('g9') })
}

/** What is put in hope to leave its place. */
const HOSTILE = [
  '../admin',
  '..',
  '.',
  '..%2fadmin',
  '%2e%2e/admin',
  '%2f',
  '..\\admin',
  'a/../../admin',
  'a?x=1',
  'a#b',
  'a&admin=true',
  'a=b;c=d',
  'a;b',
  'a,b',
  'a b',
  'a+b',
  'a\r\nX-Evil: 1',
  'a\nb',
  'a\0b',
  '@evil.test',
  '//evil.test/',
  'http://evil.test/',
  'ü☃😀',
  '[x]',
  '{id}',
  'a\'"<>`|^',
]

/** A server that reads the target as the URL standard says. */
function readTarget(target: string) {
  const url = new URL(`https://service.test${target}`)
  expect(url.origin).toBe('https://service.test')
  return url
}

describe('G9: what a caller gives stays in its place', () => {
  test.each(HOSTILE)('G9: in the path %j is literal or refused', (value) => {
    const built = callWith([parameter('id', 'path')], '/items/{id}/parts')({ id: value })
    if (built.kind === 'unfit') return expect(value).toMatch(/(?:^|[/\\])\.{1,2}(?:$|[/\\])/)
    const url = readTarget(built.request.path)
    const segments = url.pathname.split('/')
    expect(segments).toHaveLength(5)
    expect([segments[1], segments[2], segments[4]]).toEqual(['base', 'items', 'parts'])
    expect(decodeURIComponent(segments[3]!)).toBe(value)
    expect([url.search, url.hash]).toEqual(['', ''])
  })

  test.each(HOSTILE)('G9: in the query %j is literal', (value) => {
    const build = callWith([
      parameter('q', 'query'),
      parameter('reserved', 'query', { allowReserved: true }),
      parameter('many', 'query', { schema: list }),
      parameter('joined', 'query', { schema: list, style: 'pipeDelimited', explode: false }),
      parameter('deep', 'query', { schema: map, style: 'deepObject', explode: true }),
      parameter('json', 'query', { schema: undefined, content: { 'application/json': { schema: map } } }),
    ])
    const built = build({
      q: value,
      reserved: value,
      many: [value, 'z'],
      joined: [value, 'z'],
      deep: { [value]: value },
      json: { [value]: value },
    })
    if (built.kind !== 'request') throw new Error(built.problems.join())
    const url = readTarget(built.request.path)
    expect(url.pathname).toBe('/base/items')
    expect(url.hash).toBe('')
    expect([...url.searchParams]).toEqual([
      ['q', value],
      ['reserved', value],
      ['many', value],
      ['many', 'z'],
      ['joined', `${value}|z`],
      [`deep[${value}]`, value],
      ['json', JSON.stringify({ [value]: value })],
    ])
  })

  test.each(HOSTILE)('G9: in a header and a cookie %j is literal or refused', (value) => {
    const inHeader = callWith([parameter('X-Note', 'header')])({ 'X-Note': value })
    const isPlain = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/.test(value)
    expect(inHeader.kind).toBe(isPlain ? 'request' : 'unfit')
    if (inHeader.kind === 'request')
      expect(inHeader.request.headers).toEqual({ accept: expect.any(String), 'x-note': value })
    const inCookie = callWith([parameter('note', 'cookie')])({ note: value })
    if (inCookie.kind !== 'request') throw new Error(inCookie.problems.join())
    const { cookie } = inCookie.request.headers
    expect(cookie).toMatch(/^note=[\w.~%-]*$/)
    expect(decodeURIComponent(cookie!.slice('note='.length))).toBe(value)
  })

  test.each(HOSTILE)('G9: in a form of either kind %j is literal', (value) => {
    const body = (type: string) => ({
      requestBody: {
        required: true,
        content: {
          [type]: {
            schema: {
              type: 'object',
              properties: { 'a"\r\nb': string, file: { type: 'string', format: 'binary' } },
            },
          },
        },
      },
    })
    const form = callWith([], '/items', body('application/x-www-form-urlencoded'))({ a_b: value })
    if (form.kind !== 'request') throw new Error(form.problems.join())
    expect([...new URLSearchParams(form.request.body!.toString())]).toEqual([['a"\r\nb', value]])
    const file = Buffer.from(value).toString('base64')
    const parts = callWith([], '/items', body('multipart/form-data'))({ a_b: value, file })
    if (parts.kind !== 'request') throw new Error(parts.problems.join())
    const boundary = /boundary=(parley-[0-9a-f]{36})$/.exec(parts.request.headers['content-type']!)![1]!
    const sections = parts.request.body!.toString().split(`--${boundary}`)
    expect(sections).toHaveLength(4)
    expect(sections[1]).toBe(`\r\ncontent-disposition: form-data; name="a%22%0D%0Ab"\r\n\r\n${value}\r\n`)
  })

  test('G9: two values side by side do not make what neither is', () => {
    const build = callWith([parameter('a', 'path'), parameter('b', 'path')], '/items/{a}{b}/x')
    expect(build({ a: 'x', b: 'y' })).toMatchObject({ request: { path: '/base/items/xy/x' } })
    expect(build({ a: '.', b: '.' }).kind).toBe('unfit')
  })

  test('G9: an argument that is called what every object has is only there when it is given', () => {
    const build = callWith([parameter('constructor', 'query'), parameter('toString', 'header')])
    expect(build({})).toMatchObject({
      request: { path: '/base/items', headers: { accept: expect.any(String) as string } },
    })
    expect(build({ constructor: 'a' })).toMatchObject({ request: { path: '/base/items?constructor=a' } })
  })

  test('G9: an empty part of the path is refused, since it names another path', () => {
    expect(callWith([parameter('id', 'path')], '/items/{id}')({ id: '' }).kind).toBe('unfit')
  })

  test('G9: no argument stands in for what the hub sends', () => {
    const build = callWith([
      ...['Authorization', 'Host', 'Content-Length', 'Transfer-Encoding', 'Cookie'].map((name) =>
        parameter(name, 'header'),
      ),
      parameter('X-Key', 'header'),
    ])
    expect(build({ Authorization: 'Bearer mine' }).kind).toBe('unfit')
    const built = build({ 'X-Key': 'mine' }, { 'x-key': 'the hub’s', authorization: 'Bearer kept' })
    expect(built).toMatchObject({
      request: { headers: { 'x-key': 'the hub’s', authorization: 'Bearer kept' } },
    })
  })

  test('G9: a credential goes where the document wants its key', () => {
    const root = {
      openapi: '3.1.0',
      paths: {
        '/a': { get: { operationId: 'probe', security: [{ inQuery: [] }, { inCookie: [] }], responses: {} } },
      },
      components: {
        securitySchemes: {
          inQuery: { type: 'apiKey', in: 'query', name: 'apiKey' },
          inCookie: { type: 'apiKey', in: 'cookie', name: 'sid' },
        },
      },
    }
    const base = new URL('https://service.test/')
    const { call } = translateDocument(new OpenApiDocument(root, '3.1'), { base, selection: {} }).tools.get(
      'probe',
    )!
    const credential = { apikey: 'a&b', sid: 'c;d', 'x-other': 'e' }
    expect(buildRequest(call, {}, { basePath: '', credential, random: seededRandom('g9') })).toMatchObject({
      request: { path: '/a?apiKey=a%26b', headers: { cookie: 'sid=c%3Bd', 'x-other': 'e' } },
    })
  })
})
