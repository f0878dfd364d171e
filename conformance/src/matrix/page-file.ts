import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { repositoryRoot } from '../suite/suite-command.ts'

const pageFile = join(repositoryRoot, 'docs', 'compatibility.md')
/** Where the second part begins. */
export const A2A_TITLE = '## A2A'

/**
 * Compares one part of docs/compatibility.md with what a run has shown, or writes it; the other part stays as it is.
 * Each part ends with a line break.
 */
export async function keepPart(part: 'mcp' | 'a2a', text: string, mayWrite: boolean): Promise<boolean> {
  const page = await readFile(pageFile, 'utf8').catch(emptyWhenMissing)
  const start = page.indexOf(`\n${A2A_TITLE}\n`)
  const parts = start < 0 ? { mcp: page, a2a: '' } : { mcp: page.slice(0, start), a2a: page.slice(start + 1) }
  if (!mayWrite) return parts[part] === text
  parts[part] = text
  const { mcp, a2a } = parts
  await mkdir(dirname(pageFile), { recursive: true })
  await writeFile(pageFile, a2a === '' ? mcp : `${mcp}\n${a2a}`)
  return true
}

function emptyWhenMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}
