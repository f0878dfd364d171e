import { describe, expect, test } from 'vitest'
import { seededRandom } from '../lib/seeded-random.ts'
import { buildRequest } from './build-request.ts'
import { OpenApiDocument } from './open-api-document.ts'
import { translateDocument } from './translate-document.ts'

const LIST = ['blue', 'black', 'brown']
const MAP = { R: 100, G: 200, B: 150 }

/** The request for one parameter `color` with this value. */
function write(where: string, form: object, value: unknown): Record<string, unknown> {
  const parameter = { name: 'color', in: where, required: where === 'path', schema: {}, ...form }
  const path = where === 'path' ? '/{color}' : '/x'
  const root = { openapi: '3.1.0', paths: { [path]: { get: { operationId: 'o', parameters: [parameter] } } } }
  const options = { base: new URL('https://a.test/'), selection: {} }
  const { call } = translateDocument(new OpenApiDocument(root, '3.1'), options).tools.get('o')!
  const built = buildRequest(
    call,
    { color: value },
    { basePath: '', credential: undefined, random: seededRandom('s') },
  )
  if (built.kind === 'unfit') return { problems: built.problems }
  return { ...built.request }
}

describe('the table of OpenAPI 3.1, Style Examples', () => {
  test.each<[string, boolean, unknown, string]>([
    ['simple', false, 'blue', 'blue'],
    ['simple', false, LIST, 'blue,black,brown'],
    ['simple', false, MAP, 'R,100,G,200,B,150'],
    ['simple', true, MAP, 'R=100,G=200,B=150'],
    ['label', false, 'blue', '.blue'],
    ['label', false, LIST, '.blue,black,brown'],
    ['label', true, LIST, '.blue.black.brown'],
    ['label', false, MAP, '.R,100,G,200,B,150'],
    ['label', true, MAP, '.R=100.G=200.B=150'],
    ['matrix', false, 'blue', ';color=blue'],
    ['matrix', false, LIST, ';color=blue,black,brown'],
    ['matrix', true, LIST, ';color=blue;color=black;color=brown'],
    ['matrix', false, MAP, ';color=R,100,G,200,B,150'],
    ['matrix', true, MAP, ';R=100;G=200;B=150'],
  ])('path, %s, explode %s: %j is %s', (style, explode, value, expected) => {
    expect(write('path', { style, explode }, value)).toMatchObject({ path: `/${expected}` })
  })

  test.each<[string, boolean, unknown, string]>([
    ['form', false, 'blue', 'color=blue'],
    ['form', false, LIST, 'color=blue,black,brown'],
    ['form', true, LIST, 'color=blue&color=black&color=brown'],
    ['form', false, MAP, 'color=R,100,G,200,B,150'],
    ['form', true, MAP, 'R=100&G=200&B=150'],
    ['form', true, '', 'color='],
    ['spaceDelimited', false, LIST, 'color=blue%20black%20brown'],
    ['spaceDelimited', false, MAP, 'color=R%20100%20G%20200%20B%20150'],
    ['pipeDelimited', false, LIST, 'color=blue%7Cblack%7Cbrown'],
    ['pipeDelimited', false, MAP, 'color=R%7C100%7CG%7C200%7CB%7C150'],
    ['deepObject', true, MAP, 'color[R]=100&color[G]=200&color[B]=150'],
    ['deepObject', true, { a: { b: ['c', 'd'] } }, 'color[a][b][0]=c&color[a][b][1]=d'],
  ])('query, %s, explode %s: %j is %s', (style, explode, value, expected) => {
    expect(write('query', { style, explode }, value)).toMatchObject({ path: `/x?${expected}` })
  })

  test.each<[boolean, unknown, string]>([
    [false, LIST, 'blue,black,brown'],
    [false, MAP, 'R,100,G,200,B,150'],
    [true, MAP, 'R=100,G=200,B=150'],
    [false, 12, '12'],
    [false, true, 'true'],
  ])('header, explode %s: %j is %s', (explode, value, expected) => {
    expect(write('header', { explode }, value)).toMatchObject({ headers: { color: expected } })
  })

  test('cookie: a value and a list', () => {
    expect(write('cookie', {}, 'blue')).toMatchObject({ headers: { cookie: 'color=blue' } })
    expect(write('cookie', { explode: false }, LIST)).toMatchObject({
      headers: { cookie: 'color=blue,black,brown' },
    })
  })

  test('what says nothing is not written', () => {
    expect(write('query', {}, null)).toMatchObject({ path: '/x' })
    expect(write('query', {}, [])).toMatchObject({ path: '/x' })
    expect(write('path', {}, null)).toMatchObject({
      problems: [expect.stringContaining('must not be empty') as string],
    })
  })
})
