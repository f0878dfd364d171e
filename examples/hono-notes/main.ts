/** A notes server with Hono, guarded by the tokens of a Parley hub. `node examples/hono-notes/main.ts` */
import { serve } from '@hono/node-server'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { callerOf, createGuard, type AuthInfo } from '@parley/sdk'
import { protect, serveMetadata } from '@parley/sdk/hono'
import { Hono } from 'hono'
import { createNotesServer, type Notebook } from '../notes/create-notes-server.ts'
import { readSettings } from '../notes/read-settings.ts'

const { issuer, port, resource } = readSettings(process.env)
const notebook: Notebook = new Map()
const mcp = createMcpHandler(({ authInfo }) => createNotesServer(notebook, callerOf(authInfo).subject))

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

const app = new Hono<{ Variables: { auth: AuthInfo } }>()
app.use(serveMetadata(guard))
app.all('/mcp', protect(guard), (context) => mcp.fetch(context.req.raw, { authInfo: context.get('auth') }))
serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => console.log(`Notes are at ${resource}`))
