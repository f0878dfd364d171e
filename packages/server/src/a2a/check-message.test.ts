import { describe, expect, it } from 'vitest'
import { parseStrict } from '../lib/strict-json/index.ts'
import { checkMessage } from './check-message.ts'
import type { MessageName } from './schema.ts'

const MESSAGE = {
  messageId: 'm-1',
  role: 'ROLE_USER',
  parts: [{ text: 'Weather in Oslo?', mediaType: 'text/plain' }, { data: null }],
  metadata: { deep: { er: [1, 2] } },
}

function valueOf(name: MessageName, json: unknown, speaker: 'client' | 'agent' = 'client'): unknown {
  const checked = checkMessage(name, json, speaker)
  if (checked.kind === 'invalid') throw new Error(JSON.stringify(checked.violations))
  return checked.value
}

function violationsOf(name: MessageName, json: unknown, speaker: 'client' | 'agent' = 'client') {
  const checked = checkMessage(name, json, speaker)
  if (checked.kind === 'valid') throw new Error('No violation')
  return checked.violations.map(({ field, description }) => `${field}: ${description}`)
}

describe('reading messages of A2A', () => {
  it('answers what is right as the very value it is, unknown fields included (§5.7)', () => {
    const request = { message: { ...MESSAGE, future: 1 }, configuration: { historyLength: 0 }, also: {} }
    expect(valueOf('SendMessageRequest', request)).toBe(request)
  })

  it('names every field that is wrong, by its path', () => {
    expect(
      violationsOf('SendMessageRequest', {
        message: { messageId: 7, parts: [{ text: 'a', url: 'b' }, {}, { raw: '*' }, 'x'], role: 'user' },
        configuration: { historyLength: 1.5, returnImmediately: 'yes', acceptedOutputModes: 'text/plain' },
        metadata: [],
      }),
    ).toEqual([
      'message.messageId: Must be a string.',
      'message.parts[0].url: Cannot be set beside text.',
      'message.parts[1]: Must have one of text, raw, url, data.',
      'message.parts[2].raw: Must be base64.',
      'message.parts[2]: Must have one of text, raw, url, data.',
      'message.parts[3]: Must be an object.',
      'message.role: Must be one of ROLE_USER, ROLE_AGENT.',
      'configuration.historyLength: Must be a whole number of 32 bits.',
      'configuration.returnImmediately: Must be true or false.',
      'configuration.acceptedOutputModes: Must be an array.',
      'metadata: Must be an object.',
    ])
  })

  it('wants what is required, and not empty: absent and empty are the same over gRPC', () => {
    expect(violationsOf('SendMessageRequest', {})).toEqual(['message: Is required.'])
    const empty = { message: { messageId: '', role: 'ROLE_UNSPECIFIED', parts: [] } }
    const absent = { message: {} }
    const nulls = { message: { messageId: null, role: null, parts: null } }
    const told = [
      'message.messageId: Is required.',
      'message.role: Is required.',
      'message.parts: At least one is required.',
    ]
    expect(violationsOf('SendMessageRequest', empty)).toEqual(told)
    expect(violationsOf('SendMessageRequest', absent)).toEqual(told)
    expect(violationsOf('SendMessageRequest', nulls)).toEqual(told)
  })

  it('takes what ProtoJSON leaves out of an agent: empty lists, the last page, numbers that are 0', () => {
    expect(valueOf('ListTasksResponse', {}, 'agent')).toEqual({})
    const artifact = { artifactId: 'a' }
    expect(
      valueOf('TaskArtifactUpdateEvent', { taskId: 't', contextId: 'c', artifact, lastChunk: true }, 'agent'),
    ).toMatchObject({ artifact })
    expect(violationsOf('Task', { id: 't', status: {} }, 'agent')).toEqual(['status.state: Is required.'])
  })

  it('makes the spellings that ProtoJSON allows into the one of the specification (§5.5)', () => {
    const given = {
      context_id: 'c',
      status: 2,
      page_size: '25',
      statusTimestampAfter: '2025-10-28T12:30:00.5+02:00',
      page_token: '',
      tenant: null,
      historyLength: 3,
    }
    expect(valueOf('ListTasksRequest', given)).toEqual({
      contextId: 'c',
      status: 'TASK_STATE_WORKING',
      pageSize: 25,
      statusTimestampAfter: '2025-10-28T10:30:00.500Z',
      historyLength: 3,
    })
    expect(given.page_size).toBe('25')
    expect(valueOf('Part', { raw: '-_8' })).toEqual({ raw: '+/8=' })
    expect(valueOf('Part', { data: null })).toEqual({ data: null })
    expect(valueOf('Part', { text: '' })).toEqual({ text: '' })
  })

  it('refuses a field given under both of its names', () => {
    expect(violationsOf('GetTaskRequest', { id: 't', historyLength: 1, history_length: 2 })).toEqual([
      'historyLength: Is given twice.',
    ])
  })

  it('reads maps by their values, and makes keys plain where it tells of them', () => {
    expect(
      violationsOf('SecurityRequirement', { schemes: { ['\u0000<b>\u202e'.repeat(40)]: { list: [1] } } })[0],
    ).toMatch(/^schemes\.[?b]{64}\.list\[0\]: Must be a string\.$/)
    expect(violationsOf('SecurityRequirement', { schemes: { a: null } })).toEqual([
      'schemes.a: Must be an object.',
    ])
    expect(valueOf('SecurityScheme', { mtlsSecurityScheme: {} })).toEqual({ mtlsSecurityScheme: {} })
  })

  it('is not led astray by names of prototypes, nor by numbers kept exactly', () => {
    const text = '{"constructor":{},"toString":1,"hasOwnProperty":2,"message":12345678901234567890.5}'
    expect(violationsOf('SendMessageRequest', parseStrict(Buffer.from(text)))).toEqual([
      'message: Must be an object.',
    ])
    expect(
      violationsOf('SendMessageRequest', {
        message: MESSAGE,
        metadata: parseStrict(Buffer.from('1234567890123456789')),
      }),
    ).toEqual(['metadata: Must be an object.'])
  })

  it('stops telling after twenty, and takes no list beyond its limit', () => {
    const parts = Array.from({ length: 1000 }, () => 1)
    expect(violationsOf('Message', { ...MESSAGE, parts })).toHaveLength(20)
    expect(violationsOf('Message', { ...MESSAGE, extensions: Array(10_001).fill('a') })).toEqual([
      'extensions: Has more than 10000 items.',
    ])
  })

  it.each([
    '2025-10-28T10:30:00',
    '2025-02-30T10:30:00Z',
    '2025-10-28T24:00:00Z',
    'now',
    '0000-01-01T00:00:00Z',
  ])('takes %s for no time', (timestamp) => {
    expect(violationsOf('TaskStatus', { state: 'TASK_STATE_WORKING', timestamp })).toEqual([
      'timestamp: Must be a time such as 2025-10-28T10:30:00.000Z.',
    ])
  })
})
