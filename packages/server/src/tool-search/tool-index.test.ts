import { describe, expect, test } from 'vitest'
import { readQueries, readTools, type LabelledQuery } from './fixtures/labelled-tools.ts'
import { ToolIndex } from './index.ts'
import { splitWords, wordsOfShapes } from './split-words.ts'

function indexOfAll(): ToolIndex<string> {
  const index = new ToolIndex<string>()
  for (const tool of readTools()) index.add(tool.key, tool)
  return index
}

function recallAt(count: number, index: ToolIndex<string>, queries: readonly LabelledQuery[]): number {
  const isFound = ({ query, wanted }: LabelledQuery) =>
    index
      .search(query)
      .slice(0, count)
      .some(({ key }) => wanted.includes(key))
  return queries.filter(isFound).length / queries.length
}

describe('the labelled set', () => {
  const index = indexOfAll()
  const seen = readQueries('queries')
  const later = readQueries('held-out-queries')
  const unseen = [...later.filter((_, at) => at % 2 === 1), ...readQueries('blind-queries')]

  test('is as large as it should be, and its labels name tools', () => {
    expect(index.size).toBeGreaterThanOrEqual(500)
    expect(seen.length + later.length).toBeGreaterThanOrEqual(150)
    const wanted = [...seen, ...later, ...unseen].flatMap((query) => query.wanted)
    expect(wanted.filter((key) => !index.has(key))).toEqual([])
  })

  test('recall at 5 is 0.9 or more for queries written after the ranking', () => {
    expect(unseen.length).toBeGreaterThanOrEqual(100)
    expect(recallAt(5, index, unseen)).toBeGreaterThanOrEqual(0.9)
  })

  test('and for those it was tuned on', () => {
    expect(recallAt(5, index, seen)).toBeGreaterThanOrEqual(0.95)
  })
})

describe('the index', () => {
  const tool = (name: string, description = '') => ({ server: 'one', name, description })

  test('a tool that is gone is not found, and one that changed is found by its new words alone', () => {
    const index = new ToolIndex<number>()
    index.add(1, tool('paint_wall', 'Paints a wall'))
    index.add(2, tool('mow_lawn', 'Mows the lawn'))
    expect(index.search('wall').map(({ key }) => key)).toEqual([1])
    index.add(1, tool('whitewash', 'Whitens a fence'))
    expect(index.search('wall')).toEqual([])
    expect(index.search('fence').map(({ key }) => key)).toEqual([1])
    index.remove(1)
    expect(index.search('fence')).toEqual([])
    expect(index.size).toBe(1)
  })

  test('the name counts more than the description, and arguments count too', () => {
    const index = new ToolIndex<string>()
    index.add('described', tool('other', 'Something about turbines and more'))
    index.add('named', tool('inspect_turbine', 'Something'))
    const inputSchema = {
      type: 'object',
      properties: { bladeAngle: { type: 'number', description: 'in degrees' } },
    }
    index.add('argument', { ...tool('steer'), inputSchema })
    expect(index.search('turbine').map(({ key }) => key)).toEqual(['named', 'described'])
    expect(index.search('blade angle').map(({ key }) => key)).toEqual(['argument'])
  })

  test('an empty query and one of words that say nothing find nothing', () => {
    const index = new ToolIndex<number>()
    index.add(1, tool('paint'))
    for (const query of ['', '  ', 'please do it', '🙂']) expect(index.search(query)).toEqual([])
  })

  test('names as words of objects harm nothing', () => {
    const index = new ToolIndex<number>()
    index.add(1, tool('constructor', '__proto__ toString'))
    expect(index.search('constructor __proto__ hasOwnProperty')).toHaveLength(1)
  })

  test('a hostile schema, deep and wide, is read within its limits', () => {
    const index = new ToolIndex<number>()
    let schema: object = { type: 'object' }
    for (let depth = 0; depth < 5000; depth++) schema = { type: 'object', properties: { deep: schema } }
    const properties = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`p${at}`, {}]))
    index.add(1, { ...tool('deep'), inputSchema: schema })
    index.add(2, { ...tool('wide', 'x '.repeat(100_000)), inputSchema: { properties } })
    expect(index.search('deep').map(({ key }) => key)).toEqual([1])
  })
})

describe('words', () => {
  test.each([
    ['createIssue', ['creat', 'issu']],
    ['HTTPServer_list-items', ['http', 'server', 'list', 'item']],
    ["what's the s3 bucket's size?", ['s3', 'bucket', 'siz']],
    ['queries matched running', ['query', 'match', 'run']],
    ['Größe der Datei', ['größe', 'der', 'datei']],
  ])('%s', (text, words) => {
    expect(splitWords(text).filter((word) => word !== 'what')).toEqual(words)
  })

  test('addresses, numbers and files tell what they are', () => {
    expect(wordsOfShapes('send it to ann@example.com')).toEqual(['email'])
    expect(wordsOfShapes('call +49 170 1234567')).toEqual(['phon'])
    expect(wordsOfShapes('what is in notes.txt of PROJ-12')).toEqual(['issu', 'key', 'fil'])
  })
})
