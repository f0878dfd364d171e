import assert from 'node:assert/strict'
import type { FaultGroup } from '../run/fault-case.ts'
import type { Rig } from '../run/rig.ts'

/** A8: strangers who register. */
export const registrationFloodGroup: FaultGroup = {
  name: 'identity-registration',
  cases: [
    {
      requirement: 'A8',
      name: 'of a thousand registrations fewer than twenty are answered, the others told to wait',
      run: flood,
    },
  ],
}

async function flood(rig: Rig): Promise<void> {
  const hub = await rig.ownHub({})
  const body = JSON.stringify({ client_name: 'Flood', redirect_uris: ['http://127.0.0.1/callback'] })
  const register = () =>
    hub.send({
      path: '/oauth/register',
      headers: ['Content-Type', 'application/json'],
      body,
      anonymous: true,
    })
  const replies = []
  for (let round = 0; round < 20; round += 1)
    replies.push(...(await Promise.all(Array.from({ length: 50 }, register))))
  const made = replies.filter(({ status }) => status === 201)
  const refused = replies.filter(({ status }) => status === 429)
  assert.equal(made.length + refused.length, 1000)
  assert.ok(made.length > 0 && made.length < 20, `${made.length} were registered`)
  assert.ok(
    refused.every(({ headers }) => Number(headers['retry-after']) > 0),
    'a 429 without Retry-After',
  )
  const { json } = await hub.api('GET', '/api/apps')
  const named = ((json?.['apps'] ?? []) as { name: string }[]).filter(({ name }) => name === 'Flood')
  assert.ok(named.length <= made.length, `${named.length} are kept`)
}
