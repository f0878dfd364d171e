import { expect, it } from 'vitest'
import { plainOneofs } from './plain-oneofs.ts'

const held = (kind: string, value: object) => ({ scheme: { $case: kind, value } })

it('reads the schemes of a card of the JavaScript SDK', () => {
  const flow = { tokenUrl: 'https://as.example/t', scopes: { a: 'A' } }
  const card = {
    name: 'a',
    securitySchemes: {
      key: held('apiKeySecurityScheme', { location: 'header', name: 'X-Key' }),
      oauth: held('oauth2SecurityScheme', { flows: { flow: { $case: 'clientCredentials', value: flow } } }),
      plain: { mtlsSecurityScheme: {} },
    },
  }
  expect(plainOneofs(card)).toEqual({
    name: 'a',
    securitySchemes: {
      key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key' } },
      oauth: { oauth2SecurityScheme: { flows: { clientCredentials: flow } } },
      plain: { mtlsSecurityScheme: {} },
    },
  })
})

it.each([
  {},
  { securitySchemes: null },
  { securitySchemes: { a: { mtlsSecurityScheme: {} } } },
  { securitySchemes: { a: { scheme: 'x' }, b: 5, c: { scheme: { $case: 5 } } } },
])('leaves any other as it is: %j', (card) => {
  expect(plainOneofs(card)).toBe(card)
})
