import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ask, openApp } from './oauth-app.ts'
import { startTestHub } from './start-test-hub.ts'

const NAMES = [
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'prompt',
  'max_age',
  'acr_values',
  'resource',
  'request',
  'request_uri',
  'claims',
  'id_token_hint',
  'login_hint',
  'registration',
  'authorization_details',
  'code_challenge',
  'code_challenge_method',
  'dpop_jkt',
  'ui_locales',
  'web_message_uri',
  'parley_max_age',
  'grant_type',
  'code',
  'code_verifier',
  'refresh_token',
  'token',
  'token_type_hint',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'subject_token',
  'actor_token',
]
const VALUES = [
  '',
  ' ',
  'parley-cli',
  'none',
  'login consent',
  'code',
  'code id_token token',
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  'urn:ietf:params:oauth:request_uri:x',
  'a.b.c',
  'eyJhbGciOiJub25lIn0.e30.',
  '{}',
  '[{"type":"parley_capability"}]',
  '[null]',
  '-1',
  '99999999999999999999',
  'http://127.0.0.1:1/callback',
  'https://[',
  'javascript:alert(1)',
  '__proto__',
  'constructor',
  'mcp openid offline_access',
  'tool:files/x',
  'form_post',
  'query.jwt',
]

test('A20, R29: no combination of parameters makes an OAuth endpoint fail', async () => {
  await using hub = await startTestHub()
  const app = await openApp(hub.url)
  const good = Object.fromEntries((await ask(app)).url.searchParams)
  const value = fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: 'binary', maxLength: 40 }))
  const changes = fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 6 })
  const endpoint = fc.constantFrom('authorize', 'token', 'par', 'introspect', 'revoke')
  const begins = fc.constantFrom({}, good)
  await fc.assert(
    fc.asyncProperty(endpoint, begins, changes, async (name, begin, change) => {
      const parameters = new URLSearchParams({ ...begin, ...change })
      const url = `${hub.url}/oauth/${name}`
      const response = await (name === 'authorize'
        ? fetch(`${url}?${parameters}`, { redirect: 'manual' })
        : fetch(url, { method: 'POST', body: parameters }))
      const text = await response.text()
      expect(response.status).toBeLessThan(500)
      const location = response.headers.get('location')
      if (location !== null)
        expect(location).toMatch(/^(?:\/interaction\/|http:\/\/127\.0\.0\.1:\d+\/callback)/)
      if (name !== 'authorize' && response.status >= 400) expect(JSON.parse(text).error).toBeTypeOf('string')
    }),
    { numRuns: 1500, seed: 20_261_125 },
  )
  expect(hub.logs).toEqual([])
})
