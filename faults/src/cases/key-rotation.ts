import assert from 'node:assert/strict'
import { createGuard, type Guard } from '@parley/sdk'
import { openFace } from '../kit/face.ts'
import type { Hub } from '../kit/hub.ts'
import { send } from '../kit/http.ts'
import { asCaller } from '../kit/people.ts'
import { postToken, tokenIn } from '../kit/token-endpoint.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { openIdentity } from '../run/identity-hub.ts'
import type { Rig } from '../run/rig.ts'
import { sleep, until } from './expectations.ts'

const NOTES = 'https://notes.example/mcp'
const REQUESTS_PER_SECOND = 200
const TICKS_PER_SECOND = 20
const ROTATIONS = 3
const MAX_RUNNING = 40

/** R23: new signing keys while tokens of the old ones are in use. */
export const keyRotationGroup: FaultGroup = {
  name: 'identity-keys',
  cases: [
    {
      requirement: 'R23',
      name: 'three rotations under 200 requests a second: no token that lives is refused, by the hub or a guard elsewhere',
      run: rotateUnderLoad,
    },
    {
      requirement: 'R23',
      name: 'a key that was retired is gone once its tokens are, and so are they',
      run: retiredKeyEnds,
    },
  ],
}

interface Scene {
  readonly hub: Hub
  /** A token of the agent for a resource, by the key that signs now. */
  mint(resource: string): Promise<string>
  guard(): Guard
}

async function openScene(rig: Rig): Promise<Scene> {
  const resources = { notes: { url: NOTES, scopes: { 'notes:read': 'Read notes' } } }
  const { hub } = await openIdentity(rig, { config: { resources }, isClockMovable: true })
  const added = await hub.api('POST', '/api/agents', { name: 'rotor', proof: { kind: 'secret' } })
  const { agent, shownOnce } = added.json as unknown as {
    agent: { id: string }
    shownOnce: { secret: string }
  }
  const entitled = await hub.api('POST', '/api/grants', {
    holder: { kind: 'agent', id: agent.id },
    terms: {
      audiences: { [`${hub.url}/mcp`]: ['mcp'], [NOTES]: ['notes:read'] },
      capabilities: [{ capability: 'tool:modern/*' }, { capability: 'scope:notes/notes:read' }],
      limits: {},
      expiresAt: null,
    },
  })
  assert.equal(entitled.status, 200, entitled.text)
  return {
    hub,
    async mint(resource) {
      const form = { client_id: agent.id, client_secret: shownOnce.secret, resource }
      const reply = await postToken(hub, { grant_type: 'client_credentials', ...form })
      assert.equal(reply.status, 200, reply.text.slice(0, 200))
      return tokenIn(reply, 'access_token')
    },
    guard() {
      const guard = createGuard({ issuer: hub.url, resource: NOTES })
      rig.defer(() => guard[Symbol.asyncDispose]())
      return guard
    },
  }
}

async function rotate(hub: Hub): Promise<void> {
  const reply = await hub.api('POST', '/api/keys/rotate', { now: true })
  assert.equal(reply.status, 200, reply.text.slice(0, 200))
}

async function keyIds(hub: Hub): Promise<string[]> {
  const { json } = await hub.send({ method: 'GET', path: '/oauth/jwks', anonymous: true })
  return ((json?.['keys'] ?? []) as { kid: string }[]).map(({ kid }) => kid)
}

async function rotateUnderLoad(rig: Rig): Promise<void> {
  const scene = await openScene(rig)
  const { hub, mint } = scene
  // A guard asks for keys it does not know every five seconds at most.
  const seconds = rig.settings.isFull ? 10 : 5.5
  const load = new Load(scene, rig)
  await load.addTokens()
  load.start()
  for (let rotation = 0; rotation < ROTATIONS; rotation += 1) {
    await sleep(seconds * 1000)
    await rotate(hub)
    // Who comes new has to know the keys of tokens that are in use.
    load.guards.push(scene.guard())
    assert.ok((await keyIds(hub)).includes(kidOf(await mint(NOTES))))
  }
  await sleep(2000)
  await load.stop()
  const generations = new Set(load.tokens.map(({ own }) => kidOf(own)))
  assert.equal(generations.size, ROTATIONS + 1)
  assert.deepEqual(load.refusals, [])
  rig.note(
    `${load.answered} requests, ${Math.round(load.perSecond())} a second, with ${load.tokens.length * 2} tokens of ${generations.size} keys: 0 refused`,
  )
}

/** Tokens of every key so far, and requests that bring any of them. */
class Load {
  readonly tokens: { readonly own: string; readonly outside: string }[] = []
  readonly refusals: string[] = []
  readonly guards: Guard[]
  answered = 0
  #running: Promise<void> | undefined
  #isOver = false
  #startedMs = 0
  #seconds = 0
  readonly #scene: Scene
  readonly #rig: Rig

  constructor(scene: Scene, rig: Rig) {
    this.#scene = scene
    this.#rig = rig
    this.guards = [scene.guard()]
  }

  async addTokens(): Promise<void> {
    const { hub, mint } = this.#scene
    const [own, outside] = await Promise.all([mint(`${hub.url}/mcp`), mint(NOTES)])
    this.tokens.push({ own, outside })
  }

  start(): void {
    this.#startedMs = performance.now()
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
    this.#seconds = (performance.now() - this.#startedMs) / 1000
  }

  perSecond(): number {
    return this.answered / this.#seconds
  }

  async #run(): Promise<void> {
    const running = new Set<Promise<void>>()
    const begin = (work: Promise<void>): void => {
      const settled = work
        .catch((error: unknown) => void this.refusals.push(String(error)))
        .finally(() => running.delete(settled))
      running.add(settled)
    }
    for (let tick = 1; !this.#isOver; tick += 1) {
      if (tick % 4 === 0) begin(this.addTokens())
      for (let at = 0; at < REQUESTS_PER_SECOND / TICKS_PER_SECOND / 2; at += 1) {
        // A machine that does not keep up gets fewer requests, not a heap of them.
        if (running.size < MAX_RUNNING) [this.#call(), this.#check()].forEach(begin)
      }
      const nextMs = this.#startedMs + (tick * 1000) / TICKS_PER_SECOND
      await sleep(Math.max(0, nextMs - performance.now()))
    }
    await Promise.all(running)
  }

  #any(): { readonly own: string; readonly outside: string } {
    return this.tokens[this.#rig.random.integer(this.tokens.length)]!
  }

  async #call(): Promise<void> {
    const face = await openFace(asCaller(this.#scene.hub, this.#any().own), '2026-07-28', '/mcp')
    const { status, text } = await face.call('modern__echo', { text: 'proper' })
    this.#note(status === 200 && text.includes('proper'), `hub: ${status} ${text.slice(0, 200)}`)
  }

  async #check(): Promise<void> {
    const guard = this.guards[this.#rig.random.integer(this.guards.length)]!
    const checked = await guard.check(`Bearer ${this.#any().outside}`)
    this.#note(checked.kind === 'caller', `guard: ${JSON.stringify(checked).slice(0, 200)}`)
  }

  #note(isGood: boolean, seen: string): void {
    this.answered += 1
    if (!isGood) this.refusals.push(seen)
  }
}

const HOUR = 3_600_000

async function retiredKeyEnds(rig: Rig): Promise<void> {
  const { hub, mint, guard } = await openScene(rig)
  const old = { own: await mint(`${hub.url}/mcp`), outside: await mint(NOTES) }
  const kid = kidOf(old.own)
  const call = async () =>
    send(asCaller(hub, old.own), (await openFace(hub, '2026-07-28', '/mcp')).build('tools/list'))
  await rotate(hub)
  assert.ok((await keyIds(hub)).includes(kid), 'the key is gone while its tokens live')
  assert.equal((await call()).status, 200)
  await hub.setClock(HOUR)
  assert.ok((await keyIds(hub)).includes(kid))
  await hub.setClock(HOUR + 6 * 60_000)
  await until('the key is gone', async () => !(await keyIds(hub)).includes(kid))
  assert.equal((await keyIds(hub)).length, 2)
  assert.equal((await call()).status, 401)
  // By a guard's own clock the token lives still: its key alone is missing.
  const checked = await guard().check(`Bearer ${old.outside}`)
  assert.equal(checked.kind === 'refused' && checked.status, 401)
}

function kidOf(token: string): string {
  const head = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }
  return head.kid
}
