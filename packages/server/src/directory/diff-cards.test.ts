import { expect, test } from 'vitest'
import { diffCards } from './diff-cards.ts'

const skill = (id: string, description: string) => ({ id, name: id, description, tags: ['a'] })
const card = (...skills: object[]) => ({ name: 'Weather', skills })

test('changes are told by skill and field', () => {
  const before = card(skill('forecast', 'Tells.'), skill('history', 'Old.'))
  const after = { ...card(skill('pay', 'Pays.'), skill('forecast', 'Tells more.')), name: 'Wether' }
  expect(diffCards(before, after)).toEqual([
    {
      skill: null,
      change: 'changed',
      differences: [{ pointer: '/name', before: 'Weather', after: 'Wether' }],
    },
    {
      skill: 'forecast',
      change: 'changed',
      differences: [{ pointer: '/description', before: 'Tells.', after: 'Tells more.' }],
    },
    {
      skill: 'history',
      change: 'removed',
      differences: [{ pointer: '', before: skill('history', 'Old.'), after: undefined }],
    },
    {
      skill: 'pay',
      change: 'added',
      differences: [{ pointer: '', before: undefined, after: skill('pay', 'Pays.') }],
    },
  ])
})

test('new signatures are no change, another order is one', () => {
  const one = { ...card(skill('a', ''), skill('b', '')), signatures: [1] }
  expect(diffCards(one, { ...one, signatures: [2] })).toEqual([])
  const turned = card(skill('b', ''), skill('a', ''))
  expect(diffCards(one, turned).map(({ skill: of }) => of)).toEqual([null])
})

test('skills without an id, and ids given twice, are still told apart', () => {
  const before = card({ name: 'x' }, skill('a', '1'), skill('a', '2'))
  const after = card({ name: 'y' }, skill('a', '1'), skill('a', '3'))
  expect(diffCards(before, after).map((change) => change.skill)).toEqual(['#0', 'a#2'])
})
