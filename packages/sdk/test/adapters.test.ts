import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeHandler, type NodeIncomingMessageLike } from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import express from 'express'
import Fastify from 'fastify'
import { createNotesServer, type Notebook } from '../../../examples/notes/create-notes-server.ts'
import { callerOf, createGuard, type Guard } from '../src/index.ts'
import * as forExpress from '../src/express.ts'
import * as forFastify from '../src/fastify.ts'
import * as forNode from '../src/node.ts'
import { describeResourceServer, type ResourceServer } from './resource-server.contract.ts'
import { startTestIssuer } from './test-issuer.ts'

describeResourceServer('plain node:http', () => start(listenNode))
describeResourceServer('Fastify', () => start(listenFastify))
describeResourceServer('Express with its own body parser', () => start(listenExpress))

type Mcp = ReturnType<typeof toNodeHandler>
type Listen = (guard: Guard, mcp: Mcp, port: number) => Promise<() => unknown>

async function listenNode(guard: Guard, mcp: Mcp, port: number): Promise<() => unknown> {
  const server = createServer(
    forNode.protect(guard, (request, response) =>
      mcp(request as NodeIncomingMessageLike, response, request.body),
    ),
  )
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return () => server.close()
}

async function listenFastify(guard: Guard, mcp: Mcp, port: number): Promise<() => unknown> {
  const app = Fastify()
  app.addHook('onRequest', forFastify.serveMetadata(guard))
  app.all('/mcp', forFastify.protect(guard), async (request, reply) => {
    reply.hijack()
    await mcp(request.raw as NodeIncomingMessageLike, reply.raw, request.body)
  })
  await app.listen({ port, host: '127.0.0.1' })
  return () => app.close()
}

async function listenExpress(guard: Guard, mcp: Mcp, port: number): Promise<() => unknown> {
  const app = express()
  app.use(express.json())
  app.use(forExpress.serveMetadata(guard))
  app.all('/mcp', forExpress.protect(guard), (request, response) => mcp(request, response, request.body))
  const server = app.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return () => server.close()
}

/** The notes again, each with its own way to be mounted. */
async function start(listen: Listen): Promise<ResourceServer> {
  const issuer = await startTestIssuer()
  const notebook: Notebook = new Map()
  const mcp = toNodeHandler(
    createMcpHandler(({ authInfo }) => createNotesServer(notebook, callerOf(authInfo).subject)),
  )
  const port = await findPort()
  const url = `http://localhost:${port}/mcp`
  const guard = createGuard({
    issuer: issuer.url,
    resource: url,
    scopes: { read: 'Read', write: { description: 'Write', includes: ['read'] } },
    baseScopes: ['read'],
    tools: {
      list_notes: 'read',
      add_note: 'write',
      delete_note: { scopes: ['write'], stepUp: { acr: 'urn:parley:2fa', maxAgeSeconds: 300 } },
    },
  })
  const close = await listen(guard, mcp, port)
  return {
    url,
    issuer: issuer.url,
    publicKey: issuer.publicKey,
    mint: (claims = {}, header = {}) => issuer.mint({ aud: url, scope: 'read', ...claims }, header),
    changes: async () => notebook.get('per_1')?.length ?? 0,
    revokeGrant: (id) => issuer.revoke('grant', id),
    scopes: { read: 'read', write: 'write' },
    read: { tool: 'list_notes', arguments: {} },
    write: { tool: 'add_note', arguments: { text: 'a note' }, missing: 'write' },
    stepUp: { tool: 'delete_note', arguments: { number: 99 }, acr: 'urn:parley:2fa', maxAgeSeconds: 300 },
    async [Symbol.asyncDispose]() {
      await close()
      await guard[Symbol.asyncDispose]()
      await issuer[Symbol.asyncDispose]()
    },
  }
}

async function findPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
