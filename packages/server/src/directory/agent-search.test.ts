import { describe, expect, test } from 'vitest'
import type { AgentCard, AgentSkill } from '../a2a/index.ts'
import { AgentSearch, type AgentQuery, type Visible } from './agent-search.ts'
import type { AgentEntry } from './directory.ts'
import { sampleCard } from './test-kit.ts'

const EVERYTHING: Visible = () => true

function skill(id: string, description: string, more: Partial<AgentSkill> = {}): AgentSkill {
  return { id, name: id.replaceAll('-', ' '), description, tags: [], ...more }
}

function entry(name: string, skills: readonly AgentSkill[], more: Partial<AgentCard> = {}): AgentEntry {
  const card = {
    ...sampleCard('https://agent.example/a2a'),
    name,
    description: '',
    ...more,
    skills,
  } as unknown as AgentCard
  return {
    name,
    card,
    cardHash: '',
    skills,
    extensions: [],
    workload: undefined,
    isPublic: false,
    changedAt: 0,
    link: () => {
      throw new Error('nothing is called here')
    },
  }
}

function searchOf(entries: readonly AgentEntry[]) {
  const sorted = entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const search = new AgentSearch({
    version: 1,
    entry: (name) => sorted.find((one) => one.name === name),
    entries: () => sorted,
  })
  return (query: AgentQuery, visible = EVERYTHING) => search.search(query, visible)
}

const names = ({ found }: ReturnType<ReturnType<typeof searchOf>>) => found.map((one) => one.entry.name)

const AGENTS = [
  entry('weather', [
    skill('forecast', 'The weather of the next days at a place.', { tags: ['Climate', 'rain'] }),
    skill('history', 'Weather of past years.'),
  ]),
  entry('invoices', [
    skill('pay', 'Pays an invoice.', { tags: ['finance'], inputModes: ['application/json'] }),
    skill('draw', 'Draws a chart of invoices.', { tags: ['finance'], outputModes: ['image/png'] }),
  ]),
  entry('translator', [skill('translate', 'Translates texts between languages.', { tags: ['language'] })]),
  entry('silent', []),
]
const search = searchOf(AGENTS)

describe('agents are found', () => {
  test('by free text, the best first, with the skills that met it', () => {
    const { found } = search({ text: 'will it rain tomorrow?' })
    expect(found.map((one) => one.entry.name)[0]).toBe('weather')
    expect(found[0]!.skills[0]!.id).toBe('forecast')
    expect(names(search({ text: 'pay my bill' }))).toContain('invoices')
    expect(names(search({ text: 'zzzz' }))).toEqual([])
  })

  test('by tag, skill and mode, alone and together with text', () => {
    expect(names(search({ tag: 'climate' }))).toEqual(['weather'])
    expect(names(search({ skill: 'pay' }))).toEqual(['invoices'])
    expect(search({ outputMode: 'image/*' }).found).toMatchObject([{ skills: [{ id: 'draw' }] }])
    expect(names(search({ inputMode: 'application/json; charset=utf-8' }))).toEqual(['invoices'])
    expect(search({ text: 'invoice', outputMode: 'image/png' }).found).toMatchObject([
      { entry: { name: 'invoices' }, skills: [{ id: 'draw' }] },
    ])
    expect(names(search({ text: 'invoice', tag: 'climate' }))).toEqual([])
  })

  test('all of them by name when nothing is asked, page by page', () => {
    const first = search({ limit: 3 })
    expect(names(first)).toEqual(['invoices', 'silent', 'translator'])
    const second = search({ limit: 3, cursor: first.next! })
    expect(names(second)).toEqual(['weather'])
    expect(second.next).toBeNull()
    expect(() => search({ cursor: '../..' })).toThrow('begin again')
  })
})

test('H4: what the caller may not use is not found, not by text, filter or list', () => {
  const visible: Visible = (capability) => capability === 'skill:weather/history'
  expect(search({}, visible).found).toMatchObject([
    { entry: { name: 'weather' }, skills: [{ id: 'history' }] },
  ])
  expect(search({ text: 'weather' }, visible).found[0]!.skills.map(({ id }) => id)).toEqual(['history'])
  expect(names(search({ text: 'invoice' }, visible))).toEqual([])
  expect(names(search({ tag: 'finance' }, visible))).toEqual([])
  expect(names(search({}, () => false))).toEqual([])
})

describe('H7: a skill for everything gets no priority', () => {
  const tags = ['invoice', 'weather', 'translate', ...Array.from({ length: 300 }, (_, at) => `tag${at}`)]
  const stuffed = entry('everything', [
    skill('all', 'Does everything.', { tags }),
    skill('more', `Does all. ${'invoice '.repeat(500)}`, { examples: Array(200).fill('pay an invoice') }),
    ...Array.from({ length: 400 }, (_, at) => skill(`invoice-${at}`, 'Pays an invoice. Pay invoices here.')),
  ])
  const withStuffed = searchOf([...AGENTS, stuffed])

  test('its tags count for nothing when there are hundreds', () => {
    expect(names(withStuffed({ text: 'tag7' }))).toEqual([])
    expect(names(withStuffed({ text: 'translate a text' }))[0]).toBe('translator')
    expect(names(withStuffed({ text: 'weather forecast' }))[0]).toBe('weather')
  })

  test('it takes one place however many skills it has', () => {
    expect(
      names(withStuffed({ text: 'pay an invoice' })).filter((name) => name === 'everything'),
    ).toHaveLength(1)
    expect(names(withStuffed({ text: 'pay an invoice' }))).toContain('invoices')
  })
})

test('a changed card is found by its new words only, a removed agent no more', () => {
  let entries = [entry('weather', [skill('forecast', 'Zebras.')])]
  const directory = {
    version: 1,
    entry: (name: string) => entries.find((one) => one.name === name),
    entries: () => entries,
  }
  const changing = new AgentSearch(directory)
  const find = (text: string) => changing.search({ text }, EVERYTHING).found.length
  expect(find('zebra')).toBe(1)
  entries = [entry('weather', [skill('forecast', 'Yaks.')])]
  directory.version++
  expect([find('zebra'), find('yak')]).toEqual([0, 1])
  entries = []
  directory.version++
  expect(find('yak')).toBe(0)
})
