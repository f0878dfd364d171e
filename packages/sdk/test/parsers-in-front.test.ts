import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { expect, test } from 'vitest'
import { createGuard } from '../src/index.ts'
import { protect } from '../src/express.ts'
import { startTestIssuer } from './test-issuer.ts'

test('A14: what a parser in front left behind without reading is not taken for the body', async () => {
  await using issuer = await startTestIssuer()
  const resource = 'https://notes.example/mcp'
  await using guard = createGuard({ issuer: issuer.url, resource, scopes: { all: 'All' }, tools: {} })
  const app = express()
  let isThrough = false
  // As parsers did before Express 5: an empty object where they read nothing.
  app.use((request, _response, next) => {
    request.body = {}
    next()
  })
  app.post('/mcp', protect(guard), (_request, response) => {
    isThrough = true
    response.end()
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const response = await fetch(`http://localhost:${(server.address() as AddressInfo).port}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await issuer.mint({ aud: resource })}`,
      'content-type': 'text/plain',
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"any"}}',
  })
  server.close()
  expect(response.status).toBe(403)
  expect(isThrough).toBe(false)
})
