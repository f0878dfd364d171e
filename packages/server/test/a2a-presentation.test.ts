import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PresentationNeeds } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PNG, PRESENTATION, REPORT, WAV, type PresentingAgent } from './presenting-agent.ts'
import { openSdkA2aClient, type SdkFace } from './sdk-a2a-client.ts'
import {
  SCREEN_READER,
  ask,
  listOf,
  shown,
  startPresentationHub,
  type PresentationHub,
} from './start-presentation-hub.ts'
import { startTestHub, until, type TestHub } from './start-test-hub.ts'

let opened: PresentationHub
let hub: TestHub
let aware: PresentingAgent
let plain: PresentingAgent
let client: PresentationHub['client']
let send: PresentationHub['send']
beforeAll(async () => {
  opened = await startPresentationHub()
  ;({ hub, aware, plain, client, send } = opened)
})
afterAll(() => opened[Symbol.asyncDispose]())

const FACES: readonly SdkFace[] = [
  { binding: 'JSONRPC', version: '1.0' },
  { binding: 'HTTP+JSON', version: '1.0' },
  { binding: 'GRPC', version: '1.0' },
  { binding: 'JSONRPC', version: '0.3' },
  { binding: 'HTTP+JSON', version: '0.3' },
]

const PHONE: PresentationNeeds = { length: 'short', background: 'knows the Alps' }
const PHONE_MODES = ['text/plain', 'audio/*', 'image/png']

describe('point 7: one task, three readers', () => {
  test.each(FACES)(
    'an agent that knows the extension negotiates each presentation ($binding of $version)',
    async (face) => {
      const { ask: call } = await client('aware', {}, face)
      const asked = async (request: object) => (await call('SendMessage', request)).result.task
      const heard = shown(await asked(ask(SCREEN_READER)))
      expect(heard.parts).toEqual([
        'In Bern sind es 4 Grad, in Chur 2 Grad unter null.',
        'Karte mit Schnee in Chur',
      ])
      expect(heard.said.met).toContainEqual({ need: 'language', value: 'de', by: 'agent' })
      expect(heard.said.met).toContainEqual({ need: 'screenReader', by: 'agent' })
      expect(heard.said.unmet).toEqual([
        { need: 'readingLevel', reason: 'There is one wording.', by: 'agent' },
      ])
      expect(aware.heard.at(-1)).toMatchObject({ message: { metadata: { [PRESENTATION]: SCREEN_READER } } })
      expect(aware.heard.at(-1)!.extensions).toContain(PRESENTATION)

      const phone = await asked(ask(PHONE, PHONE_MODES))
      expect(shown(phone).parts).toEqual(['Bern 4, Chur -2.', 'image/png', 'audio/wav'])
      const [{ parts }] = phone.artifacts
      expect(parts[1].raw).toBe(PNG)
      expect(parts[2].raw).toBe(WAV)
      // Wildcards are said to the agent as what it has of them.
      expect(aware.heard.at(-1)!.modes).toEqual(['text/plain', 'audio/wav', 'image/png'])

      const data = shown(await asked(ask(undefined, ['application/json'])))
      expect(data.parts).toEqual([
        [
          { city: 'Bern', degrees: 4 },
          { city: 'Chur', degrees: -2 },
        ],
      ])
      // Nobody speaks in the hub's name, and it converted nothing.
      for (const { said } of [heard, data, shown(phone)]) {
        expect(JSON.stringify(said)).not.toContain('"by":"hub"')
        expect(said).not.toHaveProperty('converted')
      }
    },
  )

  test('for an agent that does not, the hub converts what it can, and says what it could not', async () => {
    const heard = shown(await send('plain', ask(SCREEN_READER, ['text/plain'])))
    expect(heard.parts).toEqual([
      'Weather\n\nIt is cold.\n\nCity: Bern; Degrees: 4\nCity: Chur; Degrees: -2',
      'Bild: a map with snow on it',
      'Ein Bild, das der Agent nicht beschreibt (logo.png).',
      'Ton: It is cold.',
    ])
    expect(heard.said.converted).toEqual([
      { from: 'text/markdown', to: 'text/plain', means: 'content', by: 'hub' },
      { from: 'image/png', to: 'text/plain', means: 'alt', by: 'hub' },
      { from: 'image/png', to: 'text/plain', means: 'statement', by: 'hub' },
      { from: 'audio/wav', to: 'text/plain', means: 'transcript', by: 'hub' },
    ])
    expect(heard.said.unmet.map(({ need }: any) => need)).toEqual([
      'readingLevel',
      'language',
      'screenReader',
    ])

    const phone = shown(await send('plain', ask(PHONE, ['text/html', 'audio/wav'])))
    expect(phone.parts[0]).toContain('<h1>Weather</h1>\n<p>It is <strong>cold</strong>.</p>\n<table>')
    expect(phone.parts.at(-1)).toBe('audio/wav')
    expect(phone.said.unmet.map(({ need }: any) => need)).toContain('length')

    const data = shown(await send('plain', ask(undefined, ['application/json'])))
    expect(data.parts[0]).toEqual([
      { City: 'Bern', Degrees: 4 },
      { City: 'Chur', Degrees: -2 },
    ])
    // What cannot be data stays what it is, and that is said.
    expect(data.parts.slice(1)).toEqual(['image/png', 'image/png', 'audio/wav'])
    expect(data.said.unmet).toContainEqual({
      need: 'formats',
      reason: 'image/png could be put in words, but no text is taken.',
      by: 'hub',
    })
  })

  test('needs reach no agent that does not name the extension: it hears the languages alone', async () => {
    await send('plain', ask({ ...SCREEN_READER, background: 'is blind since birth' }))
    const { message, headers, extensions } = plain.heard.at(-1)!
    expect(headers['accept-language']).toBe(SCREEN_READER.language)
    expect(JSON.stringify([message, headers])).not.toMatch(/presentation|screenReader|blind|plain/)
    expect(extensions).not.toContain(PRESENTATION)
  })

  test('an answer that is a message is put as it is asked for, too', async () => {
    const { result } = await (
      await client('plain')
    ).ask('SendMessage', ask(undefined, ['text/plain'], 'message'))
    expect(result.message.parts[0].text).toContain('City: Bern; Degrees: 4')
    expect(result.message.metadata[PRESENTATION].converted).toHaveLength(1)
  })
})

describe('point 7: modes', () => {
  const refused = async (agent: string, params: object, headers = {}) => {
    const response = await fetch(`${hub.url}/a2a/agents/${agent}`, {
      method: 'POST',
      headers: {
        authorization: hub.headers.Authorization,
        'content-type': 'application/json',
        'a2a-version': '1.0',
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params }),
    })
    return ((await response.json()) as any).error
  }

  test('what the agent has nothing of, and the hub cannot make, is refused with what there is', async () => {
    const before = plain.heard.length
    const error = await refused('plain', ask(undefined, ['video/mp4']))
    expect(error.code).toBe(-32005)
    expect(error.message).toContain('text/markdown, image/png, audio/wav')
    expect(plain.heard.length).toBe(before)
  })

  test('where nothing fits, the agent is asked for what the hub can convert', async () => {
    await send('plain', ask(undefined, ['text/html']))
    expect(plain.heard.at(-1)!.modes).toEqual(['text/html', 'text/markdown', 'image/png', 'audio/wav'])
  })

  test.each([
    [{ readingLevel: 'baby' }, 'readingLevel'],
    [{ language: 'de;q=7' }, 'language'],
    [{ background: 'x'.repeat(501) }, 'background'],
    [{ formats: ['text/plain; x'] }, 'formats'],
    [{ other: true }, 'presentation'],
    ['plain', 'presentation'],
  ])('needs that are none are refused, and named: %o', async (needs, named) => {
    const before = aware.heard.length
    const inMessage = await refused('aware', ask(needs as PresentationNeeds))
    expect(inMessage.code).toBe(-32602)
    expect(JSON.stringify(inMessage)).toContain(named)
    const beside = await refused('aware', ask(undefined), { 'Parley-Presentation': JSON.stringify(needs) })
    expect(beside.code).toBe(-32602)
    expect(JSON.stringify(beside)).toContain('Parley-Presentation')
    expect((await refused('aware', ask(undefined), { 'Parley-Presentation': '{' })).code).toBe(-32602)
    expect(aware.heard.length).toBe(before)
  })
})

describe('point 7: readers of one task', () => {
  const presentation = (needs: object) => ({ 'Parley-Presentation': JSON.stringify(needs) })

  test('each request for a task gets it as that request wants it, and the store keeps the agent’s own', async () => {
    const { id } = await send('plain', ask(undefined, ['text/plain']))
    const get = async (headers: Record<string, string>) =>
      (await (await client('plain', headers)).ask('GetTask', { id })).result
    const original = await get({})
    expect(original.artifacts[0].parts[0]).toMatchObject({ text: REPORT, mediaType: 'text/markdown' })
    expect(original.artifacts[0]).not.toHaveProperty('metadata')
    const forEars = await get(presentation({ accessibility: ['screenReader'], language: 'en' }))
    expect(shown(forEars).parts.slice(1, 3)).toEqual([
      'Image: a map with snow on it',
      'An image that the agent does not describe (logo.png).',
    ])
    const asData = await get(presentation({ formats: ['text/csv', 'text/plain'] }))
    expect(shown(asData).parts[0]).toBe('City,Degrees\r\nBern,4\r\nChur,-2\r\n')
    const listed = (await (
      await client('plain', presentation({ formats: ['text/plain'] }))
    ).ask('ListTasks', {
      includeArtifacts: true,
    })) as any
    expect(listed.result.tasks.find((one: any) => one.id === id).artifacts[0].parts[0].text).toMatch(
      /^Weather/,
    )
  })

  test.each(FACES)('two who follow one task have two presentations ($binding of $version)', async (face) => {
    const begun = await (
      await client('plain', {}, face)
    ).stream('SendStreamingMessage', ask(undefined, undefined, 'hold'), ({ task }) => task !== undefined)
    const id = begun[0].task.id
    let joined = 0
    const follow = async (formats: string[]) =>
      (await client('plain', presentation({ formats }), face)).stream(
        'SubscribeToTask',
        { id },
        () => ++joined < 0,
      )
    const both = Promise.all([follow(['text/plain']), follow(['application/json'])])
    await until(() => joined === 2)
    plain.goOn()
    const [words, data] = await both
    const part = (events: any[]) =>
      events.find((event) => event.artifactUpdate).artifactUpdate.artifact.parts[0]
    expect(part(words!).text).toContain('City: Bern; Degrees: 4')
    expect(listOf(part(data!).data)).toEqual([
      { City: 'Bern', Degrees: 4 },
      { City: 'Chur', Degrees: -2 },
    ])
    for (const events of [words!, data!])
      expect(events.at(-1).statusUpdate.status.state).toBe('TASK_STATE_COMPLETED')
  })

  test('what is on disk is the agent’s own, whatever its reader was told', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'parley-presentation-'))
    try {
      const url = (one: TestHub) => `${one.url}/a2a/agents/plain`
      const open = (one: TestHub) =>
        openSdkA2aClient(url(one), FACES[0]!, { authorization: one.headers.Authorization })
      const first = await startTestHub('', { dataDir })
      await first.api('POST', '/api/cards', { name: 'plain', url: plain.cardUrl, public: true })
      const events = await (
        await open(first)
      ).stream('SendStreamingMessage', ask(SCREEN_READER, ['text/plain'], 'stream'))
      expect(JSON.stringify(events)).toContain('City: Bern')
      await first[Symbol.asyncDispose]()
      await using second = await startTestHub('', { dataDir })
      const { result } = await (await open(second)).ask('GetTask', { id: events[0].task.id })
      expect(result.artifacts[0].parts.map(({ text }: any) => text).join('')).toBe(REPORT)
      expect(JSON.stringify(result)).not.toMatch(/converted|City: Bern/)
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  })

  test('a text in chunks is told whole at its last one, to those who want it in another form alone', async () => {
    const [converted, original] = await Promise.all([
      (await client('plain')).stream('SendStreamingMessage', ask(undefined, ['text/plain'], 'stream')),
      (await client('plain')).stream('SendStreamingMessage', ask(undefined, undefined, 'stream')),
    ])
    const chunks = (events: any[]) => events.flatMap(({ artifactUpdate }) => artifactUpdate ?? [])
    const pieces = chunks(original!)
    expect(pieces.length).toBeGreaterThan(5)
    expect(pieces.map(({ artifact }) => artifact.parts[0].text).join('')).toBe(REPORT)
    const told = chunks(converted!)
    expect(told).toHaveLength(2)
    // The last takes the place of the first.
    expect(told[1]).toMatchObject({ lastChunk: true })
    expect(told[1].append ?? false).toBe(false)
    expect(told[1].artifact.parts).toHaveLength(1)
    expect(told[1].artifact.parts[0].text).toBe(
      'Weather\n\nIt is cold.\n\nCity: Bern; Degrees: 4\nCity: Chur; Degrees: -2',
    )
    expect(converted!.at(-1).statusUpdate.status.state).toBe('TASK_STATE_COMPLETED')
  })
})
