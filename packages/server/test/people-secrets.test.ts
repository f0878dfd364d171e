import { expect, test } from 'vitest'
import { BY, PASSWORD, startPeople } from './start-people.ts'

test('R35: no secret of an account stands in the database as it is, nor in a record of activity', async () => {
  await using house = await startPeople()
  const setup = (await house.people.openSetup())!
  await house.setUp()
  const { client, recoveryCodes } = await house.join('grace@example.com')
  await client.get('/account/totp')
  const { id } = house.people.management.findByEmail('grace@example.com')!
  const reset = await house.people.management.createReset(id, { dropFactors: false }, BY)
  const secrets = [
    PASSWORD,
    client.sessionCookie!,
    ...recoveryCodes,
    setup.split('/').at(-1)!,
    reset.url.split('/').at(-1)!,
  ]
  const tables = house.store
    .all("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .map((row) => String(row['name']))
  const dump = tables.flatMap((table) =>
    house.store.all(`SELECT * FROM ${table}`).flatMap((row) =>
      Object.values(row).flatMap((value) => {
        if (!(value instanceof Uint8Array)) return [String(value)]
        const bytes = Buffer.from(value)
        return [bytes.toString('latin1'), bytes.toString('base64url'), bytes.toString('hex')]
      }),
    ),
  )
  const text = dump.join('\n')
  for (const secret of secrets) {
    expect(text).not.toContain(secret)
    expect(text).not.toContain(Buffer.from(secret).toString('hex'))
  }
})

test('what people do with their accounts is recorded with who did it', async () => {
  await using house = await startPeople()
  await house.setUp()
  const { client } = await house.join('grace@example.com')
  await client.get('/account')
  await client.post('/account/recovery-codes')
  await client.get('/account')
  await client.post('/logout')
  const { id } = house.people.management.findByEmail('grace@example.com')!
  const records = house.store
    .all('SELECT record FROM activity ORDER BY seq')
    .map((row) => JSON.parse(String(row['record'])) as { action: string; person?: string; subject: string })
  expect(records.filter(({ person }) => person === id).map(({ action }) => action)).toEqual([
    'person.join',
    'totp.set',
    'recovery-codes.renew',
    'session.end',
  ])
  expect(records.find(({ action }) => action === 'person.invite')).toMatchObject({ subject: 'test' })
})
