import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SAMPLE_CARD } from '../fixtures/sample-card.ts'
import { cardToV03 } from '../v03/card-to-v03.ts'
import { MAX_CARD_BYTES, readCard, readCardJson } from './read-card.ts'

function violationsOf(json: unknown): string[] {
  const read = readCardJson(json)
  if (read.kind === 'card') throw new Error('Not refused')
  return read.violations.map(({ field, description }) => `${field}: ${description}`)
}

const card = () => structuredClone(SAMPLE_CARD) as Record<string, any>

describe('reading cards', () => {
  it('reads a card of 1.0 as it is', () => {
    const bytes = Buffer.from(JSON.stringify({ ...SAMPLE_CARD, future: true }))
    expect(readCard(bytes)).toEqual({
      kind: 'card',
      version: '1.0',
      card: { ...SAMPLE_CARD, future: true },
      json: { ...SAMPLE_CARD, future: true },
    })
  })

  it('reads a card of 0.3 as the one of 1.0 that it says', () => {
    const read = readCardJson(cardToV03(SAMPLE_CARD, 'kind'))
    expect(read).toMatchObject({ kind: 'card', version: '0.3' })
    if (read.kind !== 'card') return
    expect(read.card).toEqual({
      ...SAMPLE_CARD,
      supportedInterfaces: SAMPLE_CARD.supportedInterfaces.filter(
        ({ protocolVersion }) => protocolVersion === '0.3',
      ),
    })
  })

  it('reads a card in both forms at once by its interfaces of 1.0', () => {
    const both = { ...cardToV03(SAMPLE_CARD, 'kind'), supportedInterfaces: SAMPLE_CARD.supportedInterfaces }
    const read = readCardJson(both)
    expect(read).toMatchObject({ kind: 'card', version: '1.0', json: both })
    if (read.kind === 'card') expect(read.card).toEqual(SAMPLE_CARD)
  })

  it('takes what agents leave out: lists that are empty, and who provides them', () => {
    const { name, version, supportedInterfaces } = SAMPLE_CARD
    expect(readCardJson({ name, version, supportedInterfaces, capabilities: {} }).kind).toBe('card')
  })

  it.each<[string, (json: Record<string, any>) => void, string]>([
    [
      'no interface',
      (json) => (json['supportedInterfaces'] = []),
      'supportedInterfaces: At least one is required.',
    ],
    ['no name', (json) => delete json['name'], 'name: Is required.'],
    ['a wrong type', (json) => (json['skills'][0].tags = 'a'), 'skills[0].tags: Must be an array.'],
    [
      'skills of one id',
      (json) => json['skills'].push(json['skills'][0]),
      'skills[1].id: Is the id of another skill too.',
    ],
    [
      'a script as link',
      (json) => (json['iconUrl'] = 'javascript:alert(1)'),
      'iconUrl: Must be an http or https URL.',
    ],
    [
      'a file as address',
      (json) => (json['supportedInterfaces'][0].url = 'file:///etc/passwd'),
      'supportedInterfaces[0].url: Must be an http or https URL.',
    ],
    [
      'credentials in an address',
      (json) => (json['supportedInterfaces'][0].url = 'https://user:secret@weather.example'),
      'supportedInterfaces[0].url: Must not hold credentials.',
    ],
    [
      'no version',
      (json) => (json['supportedInterfaces'][0].protocolVersion = 'latest'),
      'supportedInterfaces[0].protocolVersion: Must be Major.Minor, such as 1.0.',
    ],
    [
      'an invisible name',
      (json) => (json['name'] = 'Wea\u202ether'),
      'name: Holds invisible or control characters.',
    ],
    [
      'two schemes in one',
      (json) => (json['securitySchemes'].key.mtlsSecurityScheme = {}),
      'securitySchemes.key.mtlsSecurityScheme: Cannot be set beside apiKeySecurityScheme.',
    ],
    ['a long name', (json) => (json['name'] = 'n'.repeat(201)), 'name: Has more than 200 characters.'],
  ])('refuses a card with %s, and says where', (_, spoil, told) => {
    const json = card()
    spoil(json)
    expect(violationsOf(json)).toEqual([told])
  })

  it('bounds everything that a card can have many of', () => {
    const json = card()
    json['skills'] = Array.from({ length: 201 }, (_, index) => ({ ...json['skills'][0], id: `s${index}` }))
    json['supportedInterfaces'] = Array(17).fill(json['supportedInterfaces'][0])
    json['capabilities'].extensions = Array(51).fill({ uri: 'https://a.example' })
    json['defaultInputModes'] = Array(65).fill('text/plain')
    expect(violationsOf(json)).toEqual([
      'supportedInterfaces: Has more than 16 items.',
      'capabilities.extensions: Has more than 50 items.',
      'defaultInputModes: Has more than 64 items.',
      'skills: Has more than 200 items.',
    ])
  })

  it('reads no more bytes than a card has, and nothing that two parsers read differently', () => {
    expect(readCard(Buffer.alloc(MAX_CARD_BYTES + 1, 0x20)).kind).toBe('refused')
    expect(readCard(Buffer.from('{"name":"a","name":"b"}')).kind).toBe('refused')
    expect(readCard(Buffer.from('<html>')).kind).toBe('refused')
    expect(violationsOf([])).toEqual([': The card must be an object.'])
    expect(violationsOf({ name: 'a' })[0]).toContain('neither supportedInterfaces (A2A 1.0) nor url (0.3)')
  })

  it('answers any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (json, inner) => {
        readCardJson(json)
        readCardJson({ ...SAMPLE_CARD, skills: inner, capabilities: json })
        readCardJson({
          url: 'https://a.example',
          additionalInterfaces: inner,
          securitySchemes: { a: json },
          security: [json],
        })
      }),
    )
  })
})
