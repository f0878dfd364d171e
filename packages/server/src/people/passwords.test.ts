import { expect, test } from 'vitest'
import { systemRandom } from '../lib/random.ts'
import { HashQueue } from './hash-queue.ts'
import { passwordFault } from './password-fault.ts'
import { Passwords } from './passwords.ts'

const PERSON = { email: 'grace.hopper@example.com', name: 'Grace Hopper' }

test('a password is kept as argon2id with 19 MiB, two passes and a salt of its own', async () => {
  const passwords = new Passwords(systemRandom)
  const phc = await passwords.hash('seven quiet herons')
  expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  expect(await passwords.hash('seven quiet herons')).not.toBe(phc)
  expect(await passwords.matches('seven quiet herons', phc)).toBe(true)
  expect(await passwords.matches('seven quiet heron', phc)).toBe(false)
  expect(await passwords.matches('seven quiet herons', null)).toBe(false)
})

test('the same letters typed on two keyboards are the same password', async () => {
  const passwords = new Passwords(systemRandom)
  const phc = await passwords.hash('sieben grüne Reiher')
  expect(await passwords.matches('sieben gru\u0308ne Reiher', phc)).toBe(true)
})

test('D12: two hashes run at once, a hundred wait, and the next is refused at once', async () => {
  const queue = new HashQueue()
  let running = 0
  let most = 0
  const work = async () => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
  }
  const results = await Promise.allSettled(Array.from({ length: 150 }, () => queue.run(work)))
  expect(most).toBe(2)
  expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(102)
  await queue.run(work)
  await expect(
    queue.run(async () => {
      throw new Error('broken')
    }),
  ).rejects.toThrow('broken')
  await queue.run(work)
})

test.each([
  'seven quiet herons',
  'Tr0ub4dor&3 and more',
  'пароль из слов',
  'x7#kQ9!mZ2pL',
  'grace likes compilers',
])('%s is taken', (password) => {
  expect(passwordFault(password, PERSON)).toBeUndefined()
})
