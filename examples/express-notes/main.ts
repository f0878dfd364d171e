/** A notes server with Express, guarded by the tokens of a Parley hub. `node examples/express-notes/main.ts` */
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { callerOf, createGuard } from '@parley/sdk'
import { protect, serveMetadata } from '@parley/sdk/express'
import express from 'express'
import { createNotesServer, type Notebook } from '../notes/create-notes-server.ts'
import { readSettings } from '../notes/read-settings.ts'

const { issuer, port, resource } = readSettings(process.env)
const notebook: Notebook = new Map()
const mcp = toNodeHandler(
  createMcpHandler(({ authInfo }) => createNotesServer(notebook, callerOf(authInfo).subject)),
)

const guard = createGuard({
  issuer,
  resource,
  name: 'Notes',
  scopes: {
    'notes:read': 'Read your notes',
    'notes:write': { description: 'Add and delete notes', includes: ['notes:read'] },
  },
  baseScopes: ['notes:read'],
  tools: {
    list_notes: 'notes:read',
    add_note: 'notes:write',
    delete_note: { scopes: ['notes:write'], stepUp: { acr: 'urn:parley:2fa', maxAgeSeconds: 300 } },
  },
})

const app = express()
app.use(serveMetadata(guard))
app.all('/mcp', protect(guard), (request, response) => mcp(request, response, request.body))
app.listen(port, '127.0.0.1', () => console.log(`Notes are at ${resource}`))
