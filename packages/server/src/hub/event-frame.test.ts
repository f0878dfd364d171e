import { expect, test } from 'vitest'
import { EventFrame } from './hub-call.ts'
import { JSON_RPC_WORDINGS, REST_WORDINGS } from './wording.ts'

const EVENT = {
  statusUpdate: { taskId: 't', contextId: 'c', status: { state: 'TASK_STATE_WORKING' } },
} as const

test('an event is put into each form once, however many read it', () => {
  let read = 0
  const event = new Proxy(EVENT, {
    get(target, name, receiver) {
      if (name === 'statusUpdate') read++
      return Reflect.get(target, name, receiver)
    },
  })
  const frame = new EventFrame(event)
  const all = () =>
    [JSON_RPC_WORDINGS, REST_WORDINGS].flatMap((wordings) =>
      (['1.0', '0.3'] as const).map((version) => wordings[version].event(frame)),
    )
  const first = all()
  const readOnce = read
  for (let at = 0; at < 100; at++) expect(all()).toEqual(first)
  expect(read).toBe(readOnce)
  expect(new Set(first).size).toBe(3)
})
