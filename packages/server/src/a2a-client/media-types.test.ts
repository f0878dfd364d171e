import { expect, it } from 'vitest'
import { isEventStream, isJsonType } from './media-types.ts'

it.each([
  ['application/json', true],
  ['application/json; charset=utf-8', true],
  ['Application/JSON ;charset=utf-8', true],
  ['application/a2a+json', true],
  ['application/problem+json', true],
  ['text/json', false],
  ['text/html', false],
  ['application/jsonp', false],
  ['', false],
  [undefined, false],
])('JSON: %j', (type, wanted) => {
  expect(isJsonType(type)).toBe(wanted)
})

it.each([
  ['text/event-stream', true],
  ['Text/Event-Stream; charset=utf-8', true],
  ['text/plain', false],
  [undefined, false],
])('an event stream: %j', (type, wanted) => {
  expect(isEventStream(type)).toBe(wanted)
})
