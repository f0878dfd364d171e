import { expect, test } from 'vitest'
import { signUpAdministrator } from '../../server/test/sign-in.ts'
import { startTestHub } from '../../server/test/start-test-hub.ts'
import { TerminalPerson } from './signed-in.ts'

test('point 7: a person says at the terminal how answers are to be put to them, and takes it back', async () => {
  await using hub = await startTestHub()
  using ada = new TerminalPerson((await signUpAdministrator(hub)).visitor)
  await ada.run(['login', hub.url])
  expect((await ada.run(['presentation', 'show'])).out).toContain('Nothing is said')
  const set = await ada.run(
    'presentation set --language de --format text/plain --format audio/* --access screenReader --short --json'.split(
      ' ',
    ),
  )
  const needs = {
    language: 'de',
    formats: ['text/plain', 'audio/*'],
    length: 'short',
    accessibility: ['screenReader'],
  }
  expect(JSON.parse(set.out)).toEqual(needs)
  const wrong = await ada.run(['presentation', 'set', '--level', 'baby'])
  expect(wrong.code).not.toBe(0)
  expect(wrong.errors).toContain('readingLevel')
  expect((await ada.run(['presentation', 'set'])).errors).toContain('--language de')
  expect(JSON.parse((await ada.run(['presentation', 'show', '--json'])).out)).toEqual(needs)
  expect((await ada.run(['presentation', 'clear'])).out).toContain('Nothing is said')
  // The first key is nobody, and has no needs of its own.
  expect((await hub.api('GET', '/api/me/presentation')).status).toBe(404)
  expect((await hub.api('PUT', '/api/me/presentation', { language: 'de' })).status).toBe(404)
})
