import assert from 'node:assert/strict'
import type { Json } from '../evil/evil-state.ts'
import type { Hub } from '../kit/hub.ts'
import { getCode, getTokens } from '../kit/people.ts'
import { isActive, postToken, refreshAt } from '../kit/token-endpoint.ts'
import type { FaultGroup } from '../run/fault-case.ts'
import { openIdentity } from '../run/identity-hub.ts'
import type { Rig } from '../run/rig.ts'
import { sleep } from './expectations.ts'

/** R4, R5, A5: refresh tokens under races, kills and restarts. */
export const refreshTokensGroup: FaultGroup = {
  name: 'identity-refresh',
  cases: [
    {
      requirement: 'R4',
      also: ['A5'],
      name: 'fifty refreshes at once have one lineage and the same successor',
      run: fiftyRefreshes,
    },
    {
      requirement: 'R5',
      also: ['A5', 'A4'],
      name: 'spent refresh tokens and codes bring nothing after a restart',
      run: replayed,
    },
    {
      requirement: 'R4',
      name: 'a hub killed between commit and reply leaves no client stuck',
      run: killedWhileRefreshing,
    },
  ],
}

const token = (json: unknown, name: string): string => String((json as Record<string, unknown>)[name])

async function fiftyRefreshes(rig: Rig): Promise<void> {
  const { hub, app, ada } = await openIdentity(rig)
  let { refresh } = await getTokens(app, ada)
  const spent = [refresh]
  for (let round = 0; round < 5; round += 1) {
    const replies = await Promise.all(Array.from({ length: 50 }, () => refreshAt(hub, refresh)))
    assert.deepEqual([...new Set(replies.map(({ status }) => status))], [200])
    const successors = new Set(replies.map(({ json }) => token(json, 'refresh_token')))
    assert.equal(successors.size, 1, `${successors.size} lineages`)
    refresh = [...successors][0]!
    spent.push(refresh)
  }
  const { json } = await refreshAt(hub, refresh)
  const access = token(json, 'access_token')
  assert.ok(await isActive(hub, access))
  // Two steps back is no retry, whatever the time.
  assert.equal((await refreshAt(hub, spent.at(-2)!)).status, 400)
  assert.equal(await isActive(hub, access), false, 'reuse left the family alive')
  assert.equal((await refreshAt(hub, token(json, 'refresh_token'))).status, 400)
}

async function replayed(rig: Rig): Promise<void> {
  const identity = await openIdentity(rig)
  const { app, ada } = identity
  const families = rig.settings.isFull ? 125 : 25
  const codes: Readonly<Record<string, string>>[] = []
  const tokens: string[] = []
  for (let family = 0; family < families; family += 1) {
    const { form } = await getCode(app, ada)
    let reply = await postToken(identity.hub, form)
    codes.push(form)
    for (let step = 0; step < 3; step += 1) {
      const spent = token(reply.json, 'refresh_token')
      reply = await refreshAt(identity.hub, spent)
      assert.equal(reply.status, 200, reply.text.slice(0, 200))
      tokens.push(spent)
    }
    // The last one is spent too, and its successor used: no replay of it can be a retry.
    await refreshAt(identity.hub, token(reply.json, 'refresh_token'))
  }
  await identity.restart()
  let accepted = 0
  for (const spent of tokens) if ((await refreshAt(identity.hub, spent)).status === 200) accepted += 1
  for (const form of codes) if ((await postToken(identity.hub, form)).status === 200) accepted += 1
  assert.equal(accepted, 0)
  rig.note(`${tokens.length + codes.length} spent tokens and codes replayed after kill -9: 0 accepted`)
}

const CLIENTS = 5
/** How long a lost answer may be asked for again. */
const RETRY_MS = 10_000

async function killedWhileRefreshing(rig: Rig): Promise<void> {
  const identity = await openIdentity(rig)
  const { app, ada } = identity
  const kills = rig.settings.isFull ? 200 : 10
  const held: string[] = []
  for (let client = 0; client < CLIENTS; client += 1) held.push((await getTokens(app, ada)).refresh)
  let between = 0
  let late = 0
  for (let kill = 0; kill < kills; kill += 1) {
    const { hub } = identity
    const before = await newestRecord(hub)
    const sentAtMs = performance.now()
    const asked = held.map((refresh) => refreshAt(hub, refresh).catch(() => undefined))
    await sleep(rig.random.integer(25))
    await identity.restart()
    const replies = await Promise.all(asked)
    replies.forEach((reply, client) => {
      if (reply?.status === 200) held[client] = token(reply.json, 'refresh_token')
    })
    const answered = replies.filter((reply) => reply?.status === 200).length
    between += (await refreshesSince(identity.hub, before)) - answered
    for (const [client, refresh] of held.entries()) {
      const again = await refreshAt(identity.hub, refresh)
      if (again.status !== 200 && performance.now() - sentAtMs > RETRY_MS) {
        late += 1
        held[client] = (await getTokens(app, ada)).refresh
        continue
      }
      assert.equal(again.status, 200, `client ${client} is stuck after kill ${kill + 1}: ${again.text}`)
      held[client] = token(again.json, 'refresh_token')
    }
  }
  assert.ok(late <= kills / 4, `after ${late} restarts the ten seconds of a retry were over`)
  if (late > 0)
    rig.note(`${late} clients came back after the ten seconds of a retry, and were told to begin anew`)
  rig.note(`${kills} kills with ${CLIENTS} refreshes each, ${between} between commit and reply: 0 stuck`)
}

async function newestRecord(hub: Hub): Promise<number> {
  const [newest] = await records(hub)
  return Number(newest?.['seq'])
}

/** How many refreshes the hub committed after that record. */
async function refreshesSince(hub: Hub, seq: number): Promise<number> {
  const since = (await records(hub)).filter((entry) => Number(entry['seq']) > seq)
  return since.filter((entry) => entry['action'] === 'token.refresh').length
}

async function records(hub: Hub): Promise<Json[]> {
  const { json } = await hub.api('GET', '/api/activity')
  return json?.['records'] as Json[]
}
