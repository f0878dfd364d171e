import type { PresentationNeeds } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grantsOf } from './granting-hub.ts'
import { PRESENTATION, type PresentingAgent } from './presenting-agent.ts'
import { signUpAdministrator, type SignedIn } from './sign-in.ts'
import {
  SCREEN_READER,
  ask,
  shown,
  startPresentationHub,
  type PresentationHub,
} from './start-presentation-hub.ts'
import { until, type TestHub } from './start-test-hub.ts'

let opened: PresentationHub
let hub: TestHub
let aware: PresentingAgent
let plain: PresentingAgent
let client: PresentationHub['client']
let send: PresentationHub['send']
let ada: SignedIn
beforeAll(async () => {
  opened = await startPresentationHub()
  ;({ hub, aware, plain, client, send } = opened)
  ada = await signUpAdministrator(hub)
})
afterAll(() => opened[Symbol.asyncDispose]())

describe('point 7: what a person keeps', () => {
  const appOf = async (agent: string, capabilities = [`skill:${agent}/*`]) => {
    const granting = grantsOf(hub)
    const audience = `${hub.url}/a2a/agents/${agent}`
    const grant = await granting.grant(capabilities, {
      person: ada.person,
      audiences: { [audience]: ['a2a'] },
    })
    return { authorization: `Bearer ${granting.token(grant, { aud: audience, scope: 'a2a' })}` }
  }

  test('their needs go with messages of their apps, unless an app says its own; nobody else’s do', async () => {
    const { presentation } = hub.hub.people
    const needs: PresentationNeeds = {
      language: 'de',
      accessibility: ['screenReader'],
      background: 'a nurse',
    }
    await presentation.set(ada.person, needs, { subject: ada.person, person: ada.person, chain: [] })
    const task = await send('aware', ask(undefined), await appOf('aware'))
    expect(aware.heard.at(-1)!.message.metadata[PRESENTATION]).toEqual(needs)
    expect(shown(task).parts[1]).toBe('Karte mit Schnee in Chur')

    await send('aware', ask({ language: 'en' }), await appOf('aware'))
    expect(aware.heard.at(-1)!.message.metadata[PRESENTATION]).toEqual({ language: 'en' })

    const unaware = await send('plain', ask(undefined), await appOf('plain'))
    expect(JSON.stringify(plain.heard.at(-1))).not.toMatch(/nurse|screenReader/)
    expect(plain.heard.at(-1)!.headers['accept-language']).toBe('de')
    expect(shown(unaware).parts[1]).toBe('Bild: a map with snow on it')

    await send('aware', ask(undefined))
    expect(aware.heard.at(-1)!.message).not.toHaveProperty('metadata')

    const { body } = await hub.api('GET', '/api/activity')
    expect(JSON.stringify(body)).toContain('person.presentation')
    expect(JSON.stringify(body)).not.toMatch(/nurse|screenReader/)
    await presentation.set(ada.person, {}, { subject: ada.person, person: ada.person, chain: [] })
    expect(presentation.of(ada.person)).toBeUndefined()
  })

  test('a message that waits for consent keeps its needs, and its reader gets the address as data', async () => {
    const { authorization } = await appOf('aware', [])
    const held = await send('aware', ask(SCREEN_READER, ['text/plain']), { authorization })
    expect(held.status.state).toBe('TASK_STATE_AUTH_REQUIRED')
    const { consentUrl } = held.status.message.parts.find((part: any) => part.data).data
    const page = await ada.visitor.open(consentUrl)
    // A click that comes sooner is not taken for an answer.
    await new Promise((resolve) => setTimeout(resolve, 600))
    await ada.visitor.submit(page, { choice: 'allow' })
    await until(async () => {
      const { result } = await (await client('aware', { authorization })).ask('GetTask', { id: held.id })
      return result.status.state === 'TASK_STATE_COMPLETED'
    })
    expect(aware.heard.at(-1)).toMatchObject({ message: { metadata: { [PRESENTATION]: SCREEN_READER } } })
    expect(aware.heard.at(-1)!.headers['accept-language']).toBe(SCREEN_READER.language)
    expect(aware.heard.at(-1)!.extensions).toContain(PRESENTATION)
  })

  test('they say and change them on a page of their account', async () => {
    const page = await ada.visitor.open('/account/presentation')
    const refused = await ada.visitor.submit(page, { language: 'de;q=9', formats: '', background: '' })
    expect(refused.status).toBe(400)
    expect(hub.hub.people.presentation.of(ada.person)).toBeUndefined()
    await ada.visitor.submit(page, {
      language: 'de, en',
      formats: 'text/plain, audio/*',
      background: '<b>& "',
      screenReader: 'on',
      readingLevel: 'plain',
    })
    expect(hub.hub.people.presentation.of(ada.person)).toEqual({
      language: 'de, en',
      formats: ['text/plain', 'audio/*'],
      background: '<b>& "',
      accessibility: ['screenReader'],
      readingLevel: 'plain',
    })
    const again = await ada.visitor.open('/account/presentation')
    expect(again.text).toContain('&lt;b&gt;&amp; &quot;')
    expect(again.text).not.toContain('<b>&')
  })
})
