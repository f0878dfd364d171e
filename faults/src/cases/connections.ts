import assert from 'node:assert/strict'
import { KEY_HEADER, startKeyedServer, type KeyedServer } from '../../../packages/server/test/keyed-server.ts'
import type { Era, Json } from '../evil/evil-state.ts'
import { openFace, toolText, type Face } from '../kit/face.ts'
import { send } from '../kit/http.ts'
import { asCaller, getTokens, joinInvited, type Person } from '../kit/people.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { openIdentity, type IdentityHub } from '../run/identity-hub.ts'
import { ERAS, type Rig } from '../run/rig.ts'

/** G2: each person's credential at a server, and many of them at once. */
export const connectionsGroup: FaultGroup = {
  name: 'identity-connections',
  cases: ERAS.map((era) => ({
    requirement: 'G2',
    name: `many people with the same request ids at once: no answer is another's (${era})`,
    run: (rig: Rig) => interleave(rig, era),
  })),
}

const NAMES = { '2026-07-28': 'modern', '2025-11-25': 'legacy' } as const

async function interleave(rig: Rig, era: Era): Promise<void> {
  const people = rig.settings.isFull ? 50 : 3
  const rounds = rig.settings.isFull ? 200 : 150
  const keys = Array.from({ length: people }, (_, at) => `zzSECRET-key-${at}`)
  const server = await startKeyedServer(NAMES[era], ['zzSECRET-shared', ...keys])
  rig.defer(() => server[Symbol.asyncDispose]())
  const identity = await openIdentity(rig, { config: { servers: { keyed: { url: server.url } } } })
  const shared = { server: 'keyed', headers: [{ name: KEY_HEADER, value: 'zzSECRET-shared' }] }
  assert.equal((await identity.hub.api('POST', '/api/connections', shared)).status, 200)
  const faces: Face[] = []
  for (const [at, key] of keys.entries()) faces.push(await connect(identity, { at, key, era }))
  let crossed = 0
  for (let round = 0; round < rounds; round += 1) {
    const said = await Promise.all(faces.map((face, at) => callOf(face, `${at}-${round}`)))
    crossed += said.filter((text, at) => text !== `${keys[at]} ${at}-${round}`).length
  }
  assert.equal(crossed, 0, `${crossed} answers were another's`)
  assert.equal(server.crossed, 0, 'a session was used with two keys')
  expectNothingOfCallers(server)
  rig.note(`${people * rounds} calls of ${people} people: 0 crossed`)
}

async function connect(
  { hub, app }: IdentityHub,
  { at, key, era }: { at: number; key: string; era: Era },
): Promise<Face> {
  const person: Person = await joinInvited(hub, `person${at}@example.com`)
  const api = await getTokens(app, person, { resource: `${hub.url}/api`, scope: 'hub:manage' })
  const reply = await send(asCaller(hub, api.access), {
    method: 'POST',
    path: '/api/me/connections',
    headers: ['Content-Type', 'application/json', 'Accept', 'application/json'],
    body: JSON.stringify({ server: 'keyed', headers: [{ name: KEY_HEADER, value: key }] }),
  })
  assert.equal(reply.status, 200, reply.text.slice(0, 200))
  const mcp = await getTokens(app, person, { resource: `${hub.url}/mcp/servers/keyed` })
  return openFace(asCaller(hub, mcp.access), era, '/mcp/servers/keyed')
}

async function callOf(face: Face, said: string): Promise<string> {
  const reply = await face.call('look', { said })
  assert.ok(reply.answer && 'result' in reply.answer, `${reply.status} ${reply.text.slice(0, 200)}`)
  return toolText(reply) ?? ''
}

function expectNothingOfCallers(server: KeyedServer): void {
  const given = server.seen.filter(({ headers }) => (headers as Json)['authorization'] !== undefined)
  assert.equal(given.length, 0, 'a token of a caller reached the server')
}
