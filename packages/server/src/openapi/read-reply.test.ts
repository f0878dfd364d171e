import { expect, test } from 'vitest'
import type { JsonObject } from '../lib/json-rpc.ts'
import { OpenApiDocument } from './open-api-document.ts'
import { readReply } from './read-reply.ts'
import { translateDocument } from './translate-document.ts'

function callOf(schema: object | undefined, more: object = {}) {
  const content = schema ? { content: { 'application/json': { schema } } } : {}
  const operation = { operationId: 'o', responses: { 200: { description: '', ...content } }, ...more }
  const root = { openapi: '3.0.3', paths: { '/x': { get: operation } } }
  const options = { base: new URL('https://a.test/'), selection: {} }
  return translateDocument(new OpenApiDocument(root, '3.0'), options).tools.get('o')!.call
}

function read(
  type: string,
  body: string | Buffer,
  options: { schema?: object; status?: number; more?: object; headers?: object } = {},
): any {
  const { schema, status = 200, more, headers } = options
  const reply = { status, headers: { 'content-type': type, ...headers }, body: Buffer.from(body) }
  const credential = { authorization: 'Bearer top-secret-token', 'x-key': 'another secret' }
  return readReply(callOf(schema, more), reply, { uri: 'https://a.test/x', credential })
}

test('JSON is text and structured content, whatever its type', () => {
  expect(read('application/json; charset=utf-8', '{"a":1}')).toMatchObject({
    content: [{ text: '{"a":1}' }],
    structuredContent: { a: 1 },
  })
  expect(read('application/vnd.api+json', '[1,2]')).toMatchObject({ structuredContent: { result: [1, 2] } })
  expect(
    read('application/json', '[1,2]', { schema: { type: 'array', items: { type: 'integer' } } }),
  ).toMatchObject({
    structuredContent: { result: [1, 2] },
  })
})

test('JSON that two readers could read differently is text alone', () => {
  const result = read('application/json', '{"a":1,"a":2}')
  expect(result.content).toEqual([{ type: 'text', text: '{"a":1,"a":2}' }])
  expect(result.structuredContent).toBeUndefined()
})

test('an answer that does not fit its schema stays as it came, with a note, and is no error', () => {
  const schema = {
    type: 'object',
    required: ['id'],
    properties: { id: { type: 'integer' }, name: { type: 'string' } },
  }
  expect(read('application/json', '{"name":null,"more":1}', { schema }).structuredContent).toEqual({
    name: null,
    more: 1,
  })
  const result = read('application/json', '{"id":"seven"}', { schema })
  expect(result).toMatchObject({
    structuredContent: {},
    content: [{ text: '{"id":"seven"}' }, { text: expect.stringContaining('/id must be a whole number') }],
  })
  expect(result.isError).toBeUndefined()
})

test('text is text, in its charset', () => {
  expect(read('text/plain', 'grüß dich').content).toEqual([{ type: 'text', text: 'grüß dich' }])
  expect(read('text/csv; charset=iso-8859-1', Buffer.from([0x67, 0xfc])).content).toEqual([
    { type: 'text', text: 'gü' },
  ])
  expect(read('text/plain; charset=nonsense', 'a').content).toEqual([{ type: 'text', text: 'a' }])
})

test('images, audio and other bytes are content and a resource', () => {
  const bytes = Buffer.from([0, 1, 255])
  expect(read('image/png', bytes).content).toEqual([{ type: 'image', data: 'AAH/', mimeType: 'image/png' }])
  expect(read('audio/mpeg', bytes).content).toEqual([{ type: 'audio', data: 'AAH/', mimeType: 'audio/mpeg' }])
  expect(read('application/zip', bytes).content).toEqual([
    { type: 'resource', resource: { uri: 'https://a.test/x', mimeType: 'application/zip', blob: 'AAH/' } },
  ])
})

test('nothing is said to be nothing', () => {
  expect(read('', '', { status: 204 }).content).toEqual([
    { type: 'text', text: 'Done (HTTP 204, without content).' },
  ])
})

test('errors are the tool’s, with the service’s words', () => {
  for (const [body, words] of [
    ['{"message":"Not here"}', 'Not here'],
    ['{"error":{"message":"Not here"}}', 'Not here'],
    ['{"errors":[{"detail":"Not here"}]}', 'Not here'],
    ['{"title":"Gone","detail":"Not here"}', 'Not here'],
  ])
    expect(read('application/problem+json', body!, { status: 404 })).toMatchObject({
      isError: true,
      content: [{ text: `The service answered HTTP 404: ${words}\n${body}` }],
    })
  expect(read('text/html', '<html>', { status: 500 }).content).toEqual([
    { type: 'text', text: 'The service answered HTTP 500.' },
  ])
})

test('a redirect is not followed, and said', () => {
  const result = read('', '', { status: 302, headers: { location: 'https://evil.test/' } })
  expect(result).toMatchObject({
    isError: true,
    content: [{ text: expect.stringContaining('https://evil.test/') }],
  })
})

test('the next page is said in the tool’s own arguments', () => {
  const parameters = [
    { name: 'page', in: 'query', schema: { type: 'integer' } },
    { name: 'per page', in: 'query', schema: { type: 'integer' } },
  ]
  const link =
    '<https://a.test/x?page=1>; rel="prev", <https://a.test/x?page=3&per%20page=50&key=secret>; rel="next last"'
  const { content }: { content: JsonObject[] } = read('application/json', '{}', {
    more: { parameters },
    headers: { link },
  })
  expect(content[1]!['text']).toBe('There is more: call again with {"page":3,"per_page":50}.')
})

test('S2: a service that repeats what it was sent gives no secret away with its error', () => {
  const body =
    '{"message":"top-secret-token is no good","sent":{"X-Key":"another secret","url":"/?k=another%20secret"}}'
  const { content } = read('application/json', body, { status: 401 })
  expect(content[0].text).not.toMatch(/top-secret|another.{1,3}secret/)
  expect(content[0].text).toContain('[credential] is no good')
})
