import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

/** Each person's notes, in memory: the newest hundred of each, gone with the process. */
export type Notebook = Map<string, string[]>

const NOTES_PER_PERSON = 100
const textOf = (text: string) => ({ content: [{ type: 'text' as const, text }] })

/** An MCP server for one request: the tools of the one who calls, and nobody else's notes. */
export function createNotesServer(notebook: Notebook, owner: string): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })
  const notes = notebook.get(owner) ?? []

  server.registerTool('list_notes', { description: 'Lists your notes' }, () =>
    textOf(notes.map((note, index) => `${index + 1}. ${note}`).join('\n') || 'There are no notes.'),
  )
  server.registerTool(
    'add_note',
    { description: 'Adds a note', inputSchema: z.object({ text: z.string().max(1000) }) },
    ({ text }) => {
      notebook.set(owner, [...notes, text].slice(-NOTES_PER_PERSON))
      return textOf('Noted.')
    },
  )
  server.registerTool(
    'delete_note',
    { description: 'Deletes a note', inputSchema: z.object({ number: z.number().int().min(1) }) },
    ({ number }) => {
      if (number > notes.length) return { ...textOf(`There is no note ${number}.`), isError: true }
      notebook.set(owner, notes.toSpliced(number - 1, 1))
      return textOf('Deleted.')
    },
  )
  return server
}
