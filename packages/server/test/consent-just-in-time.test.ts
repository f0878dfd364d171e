import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startGrantingHub, type GrantingHub } from './granting-hub.ts'
import { legacyCall, openRaw, openSession, sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import { signUp, signUpAdministrator, type SignedIn } from './sign-in.ts'
import { until } from './start-test-hub.ts'

/** A click that comes sooner is not taken for an answer. */
const READING_MS = 600
const SHOWS_PAGES = { elicitation: { url: {} } }

let hub: GrantingHub
let ada: SignedIn
let eve: SignedIn
beforeAll(async () => {
  hub = await startGrantingHub()
  ada = await signUpAdministrator(hub)
  eve = await signUp(hub, 'eve@example.com')
})
afterAll(() => hub[Symbol.asyncDispose]())
beforeEach(() => (hub.upstream.calls.length = 0))

async function adasApp() {
  const grant = await hub.grant(['tool:one/look'], { person: ada.person })
  return { grant, caller: hub.as(hub.token(grant)) }
}

const change = (more: object = {}, capabilities: object = SHOWS_PAGES) =>
  modernRequest(
    'tools/call',
    { name: 'change', arguments: { to: 1 }, ...more },
    capabilities as Record<string, unknown>,
  )

async function answer(who: SignedIn, url: string, choice: 'allow' | 'deny') {
  const page = await who.visitor.open(url)
  await wait(READING_MS)
  return who.visitor.submit(page, { choice })
}

function questionOf(result: any): { url: string; requestState: string } {
  expect(result.resultType).toBe('input_required')
  const { method, params } = result.inputRequests.consent
  expect(method).toBe('elicitation/create')
  expect(params.mode).toBe('url')
  return { url: params.url, requestState: result.requestState }
}

const accepted = (requestState: string, action = 'accept') => ({
  requestState,
  inputResponses: { consent: { action } },
})

describe('just-in-time consent, 2026-07-28', () => {
  test('C5: of a yes and a no at the same moment one counts, and the grant is what the person was told', async () => {
    for (let round = 0; round < 6; round++) {
      const { caller, grant } = await adasApp()
      const { url } = questionOf((await sendRaw(caller, change())).body.result)
      const page = await ada.visitor.open(url)
      await wait(READING_MS)
      const choices = round % 2 === 0 ? ['deny', 'allow'] : ['allow', 'deny']
      const pages = await Promise.all(choices.map((choice) => ada.visitor.submit(page, { choice })))
      const told = pages
        .filter(({ status }) => status === 200)
        .map(({ text }) => /<h1>([^<]+)/.exec(text)![1])
      expect(told).toHaveLength(1)
      const coverage = hub.hub.grants.covers(grant, 'tool:one/change').kind
      expect([told[0], coverage]).toEqual(
        coverage === 'covered' ? ['Allowed', 'covered'] : ['Not allowed', 'not-covered'],
      )
    }
    expect(hub.upstream.calls).toEqual([])
  })

  test('the person allows it, and the call that is sent again goes on as if nothing had been', async () => {
    const { caller, grant } = await adasApp()
    const { url, requestState } = questionOf((await sendRaw(caller, change())).body.result)
    expect(hub.upstream.calls).toEqual([])
    expect(url.startsWith(`${hub.url}/consent/cns_`)).toBe(true)
    const page = await ada.visitor.open(url)
    expect(page.text).toContain('change')
    const retried = sendRaw(caller, change(accepted(requestState)))
    await answer(ada, url, 'allow')
    const reply = await retried
    expect(reply.status).toBe(200)
    expect(reply.body.result.content[0].text).toBe('done')
    expect(hub.upstream.calls).toHaveLength(1)
    expect(hub.upstream.calls[0]!.params).not.toHaveProperty('requestState')
    expect(hub.upstream.calls[0]!.params).not.toHaveProperty('inputResponses')
    expect(hub.upstream.calls[0]!.params['arguments']).toEqual({ to: 1 })
    expect((await sendRaw(caller, change())).status).toBe(200)
    expect(hub.hub.grants.find(grant)!.terms.capabilities).toEqual([
      { capability: 'tool:one/look' },
      { capability: 'tool:one/change' },
    ])
  })

  test('whatever the client says, nothing goes on before the person has said yes', async () => {
    const { caller } = await adasApp()
    const first = questionOf((await sendRaw(caller, change())).body.result)
    const again = questionOf(
      (await sendRaw(caller, change({ requestState: first.requestState, inputResponses: {} }))).body.result,
    )
    expect(again.url).toBe(first.url)
    const spent = await sendRaw(caller, change(accepted(first.requestState)))
    expect(spent.status).toBe(400)
    const declined = await sendRaw(caller, change(accepted(again.requestState, 'decline')))
    expect(declined.status).toBe(403)
    expect(declined.body.error).toBeDefined()
    expect(hub.upstream.calls).toEqual([])
  })

  test('a no is an error, and the same may be asked again later', async () => {
    const { caller } = await adasApp()
    const { url, requestState } = questionOf((await sendRaw(caller, change())).body.result)
    const page = await answer(ada, url, 'deny')
    expect(page.text).toContain('Not allowed')
    expect((await sendRaw(caller, change(accepted(requestState)))).status).toBe(403)
    expect(questionOf((await sendRaw(caller, change())).body.result).url).not.toBe(url)
    expect(hub.upstream.calls).toEqual([])
  })

  test('a state is good for this call alone: other arguments are another call', async () => {
    const { caller } = await adasApp()
    const { requestState } = questionOf((await sendRaw(caller, change())).body.result)
    const other = await sendRaw(caller, change({ arguments: { to: 2 }, ...accepted(requestState) }))
    expect(other.status).toBe(400)
    expect(hub.upstream.calls).toEqual([])
  })

  test('a client that shows no pages gets the challenge, and the link in words', async () => {
    const { caller } = await adasApp()
    for (const capabilities of [{}, { elicitation: {} }, { elicitation: { form: {} } }]) {
      const refused = await sendRaw(caller, change({}, capabilities))
      expect(refused.status).toBe(403)
      expect(refused.headers['www-authenticate']).toContain('error="insufficient_scope"')
      expect(refused.headers['www-authenticate']).toContain('scope="tool:one/change"')
      expect(refused.body.error.message).toContain(`${hub.url}/consent/cns_`)
      expect(JSON.stringify(refused.headers)).not.toContain('cns_')
    }
    expect(hub.upstream.calls).toEqual([])
  })
})

describe('consent for single arguments', () => {
  const conditional = async () => {
    const grant = await hub.grant([], { person: ada.person })
    const terms = {
      ...hub.hub.grants.find(grant)!.terms,
      capabilities: [{ capability: 'tool:one/change', where: [{ pointer: '/to', oneOf: [7, 8] }] }],
    }
    await hub.hub.grants.changeTerms(grant, terms, ada.person)
    return { grant, terms, caller: hub.as(hub.token(grant)) }
  }
  const call = (to: unknown) => change({ arguments: { to, why: 'so' } })

  test('G3: what is allowed is this call’s value of the argument that the grant looks at, and no other', async () => {
    const { grant, terms, caller } = await conditional()
    expect((await sendRaw(caller, call(7))).status).toBe(200)
    const { url } = questionOf((await sendRaw(caller, call(9))).body.result)
    expect((await ada.visitor.open(url)).text).toContain('only where to is exactly 9')
    await answer(ada, url, 'allow')
    expect((await sendRaw(caller, call(9))).body.result.content[0].text).toBe('done')
    questionOf((await sendRaw(caller, call(10))).body.result)
    expect(hub.upstream.calls.map(({ params }) => params['arguments'])).toEqual([
      { to: 7, why: 'so' },
      { to: 9, why: 'so' },
    ])
    expect(hub.hub.grants.find(grant)!.terms.capabilities).toEqual([
      ...terms.capabilities,
      { capability: 'tool:one/change', where: [{ pointer: '/to', equals: 9 }] },
    ])
    const { records } = (await hub.api('GET', '/api/activity')).body
    const note = records.find((one: any) => one.grant === grant && one.action === 'consent.allow').note
    expect(note).toBe('tool:one/change as called')
  })

  test('the person may also allow it with any arguments', async () => {
    const { caller } = await conditional()
    const { url } = questionOf((await sendRaw(caller, call(9))).body.result)
    const page = await ada.visitor.open(url)
    await wait(READING_MS)
    await ada.visitor.submit(page, { choice: 'allow-any' })
    for (const to of [9, 10, 'x']) expect((await sendRaw(caller, call(to))).status).toBe(200)
  })

  test('a value that no rule can say, or no person read, is asked for as a whole', async () => {
    const { caller } = await conditional()
    for (const to of [{ deep: 1 }, 'x'.repeat(300), 2 ** 60, undefined]) {
      const { url } = questionOf((await sendRaw(caller, call(to))).body.result)
      expect((await ada.visitor.open(url)).text).toContain('for any arguments')
    }
    expect(hub.upstream.calls).toEqual([])
  })
})

describe('PX6: the page is for the person behind the call alone', () => {
  test('somebody else who opens the link finds what anybody finds who invents one', async () => {
    const { caller, grant } = await adasApp()
    const { url } = questionOf((await sendRaw(caller, change())).body.result)
    const invented = `${hub.url}/consent/cns_01JAAAAAAAAAAAAAAAAAAAAAAA`
    const [theirs, none] = [await eve.visitor.open(url), await eve.visitor.open(invented)]
    expect(theirs.status).toBe(404)
    expect(theirs.text).toBe(none.text)
    const own = await ada.visitor.open(url)
    const forged = await eve.visitor.submit({ ...own }, { choice: 'allow' })
    expect(forged.status).toBeGreaterThanOrEqual(400)
    expect(hub.hub.grants.find(grant)!.terms.capabilities).toHaveLength(1)
  })

  test('the link lets nobody in: without a session it leads to the sign-in', async () => {
    const { caller } = await adasApp()
    const { url } = questionOf((await sendRaw(caller, change())).body.result)
    const response = await fetch(url, { redirect: 'manual' })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toContain('/login')
  })

  test('C5: an answer counts once, and not before the page can have been read', async () => {
    const { caller } = await adasApp()
    const { url } = questionOf((await sendRaw(caller, change())).body.result)
    const page = await ada.visitor.open(url)
    const hasty = await ada.visitor.submit(page, { choice: 'allow' })
    expect(hasty.status).toBe(409)
    expect(hasty.text).toContain('too fast')
    await wait(READING_MS)
    expect((await ada.visitor.submit(page, { choice: 'deny' })).status).toBe(200)
    expect((await ada.visitor.submit(page, { choice: 'allow' })).status).toBe(409)
    expect((await sendRaw(caller, change({}, {}))).status).toBe(403)
  })
})

describe('just-in-time consent, 2025-11-25', () => {
  test('the error names the page, the session hears of the answer, and the next call goes through', async () => {
    const { caller } = await adasApp()
    const session = await openSession(caller, SHOWS_PAGES, '/mcp/servers/one')
    const refused = await sendRaw(caller, legacyCall(session, 'change'))
    expect(refused.body.error.code).toBe(-32042)
    const [elicitation, ...more] = refused.body.error.data.elicitations
    expect(more).toEqual([])
    expect(elicitation.mode).toBe('url')
    expect(hub.upstream.calls).toEqual([])
    await answer(ada, elicitation.url, 'allow')
    expect((await sendRaw(caller, legacyCall(session, 'change', {}, 2))).body.result).toBeDefined()
    const stream = await openRaw(caller, { method: 'GET', headers: session.headers })
    await until(() => stream.messages.some(({ method }) => method === 'notifications/elicitation/complete'))
    const told = stream.messages.find(({ method }) => method === 'notifications/elicitation/complete')
    expect(told.params).toEqual({ elicitationId: elicitation.elicitationId })
    stream.cut()
  })

  test('a client that shows no pages gets the challenge', async () => {
    const { caller } = await adasApp()
    const session = await openSession(caller)
    const refused = await sendRaw(caller, legacyCall(session, 'change'))
    expect(refused.status).toBe(403)
    expect(refused.headers['www-authenticate']).toContain('scope="tool:one/change"')
    expect(hub.upstream.calls).toEqual([])
  })
})

test('RS13: what was asked for and allowed stands in the activity, with who allowed it', async () => {
  const { caller, grant } = await adasApp()
  const { url } = questionOf((await sendRaw(caller, change())).body.result)
  await answer(ada, url, 'allow')
  const { body } = await hub.api('GET', '/api/activity')
  const own = body.records.filter(
    (record: any) => record.grant === grant && record.action.startsWith('consent.'),
  )
  expect(own.map((record: any) => record.action)).toEqual(['consent.allow', 'consent.ask'])
  expect(own[0].subject).toBe(ada.person)
  expect(own[0].note).toBe('tool:one/change')
})

test('no more than twenty requests of one grant are open, and the same is asked once', async () => {
  const { caller } = await adasApp()
  const urls = new Set<string>()
  await Promise.all(
    Array.from({ length: 20 }, async () =>
      urls.add(questionOf((await sendRaw(caller, change())).body.result).url),
    ),
  )
  expect(urls.size).toBe(1)
})
