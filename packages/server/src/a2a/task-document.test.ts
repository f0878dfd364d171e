import { expect, test } from 'vitest'
import type { A2aTask, StreamResponse } from './model.ts'
import { TaskDocument } from './task-document.ts'

const TASK: A2aTask = { id: 't', contextId: 'c', status: { state: 'TASK_STATE_SUBMITTED' } }
const chunk = (text: string, append = true): StreamResponse => ({
  artifactUpdate: { taskId: 't', contextId: 'c', append, artifact: { artifactId: 'a', parts: [{ text }] } },
})

test('chunks are added to their artifact, and replace it where they do not say so', () => {
  const document = TaskDocument.from([{ task: TASK }, chunk('1', false), chunk('2'), chunk('3')])!
  expect(document.toTask().artifacts).toEqual([
    { artifactId: 'a', parts: [{ text: '1' }, { text: '2' }, { text: '3' }] },
  ])
  document.apply(chunk('new', false) as never)
  expect(document.toTask().artifacts).toEqual([{ artifactId: 'a', parts: [{ text: 'new' }] }])
  expect(document.toTask({ withArtifacts: false })).not.toHaveProperty('artifacts')
})

test('what was handed out does not change with what comes later', () => {
  const document = TaskDocument.from([{ task: TASK }, chunk('1')])!
  const early = document.toTask()
  document.apply(chunk('2') as never)
  expect(early.artifacts![0]!.parts).toHaveLength(1)
})

test('§3.2.4: the history is as long as was asked for, and tells each message once', () => {
  const say = (messageId: string) =>
    ({ messageId, role: 'ROLE_AGENT', parts: [{ text: messageId }] }) as const
  const document = new TaskDocument({ ...TASK, history: [say('m1')] })
  const status = { state: 'TASK_STATE_WORKING', message: say('m2') } as const
  document.apply({ statusUpdate: { taskId: 't', contextId: 'c', status } })
  document.apply({ message: say('m2') })
  expect(document.toTask().history?.map(({ messageId }) => messageId)).toEqual(['m1', 'm2'])
  expect(document.toTask({ historyLength: 1 }).history).toEqual([say('m2')])
  expect(document.toTask({ historyLength: 0 })).not.toHaveProperty('history')
  expect(document.status.state).toBe('TASK_STATE_WORKING')
})
