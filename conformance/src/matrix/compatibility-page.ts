import { clients } from './clients.ts'
import { features, upstreams } from './run-matrix.ts'
import type { Cell } from './run-matrix.ts'

const head = `# Compatibility

Which client reaches what of which server through the hub, on \`/mcp/servers/{server}\`. Every mark is a test with the
client and the server as published, and the hub between them: \`node conformance/src/matrix/main.ts\` runs them and
compares the outcome with this page, \`--write\` writes it.

✓ works · ✗ does not work · – cannot be shown, for the reason below the table

Clients that speak 2026-07-28: ${titlesOf('2026-07-28')}.
Clients that speak 2025-11-25: ${titlesOf('2025-11-25')}.
`

/** The page, from all cells of the matrix. */
export function formatCompatibilityPage(cells: Cell[]): string {
  const sections = upstreams.map(({ id, title }) => {
    const own = cells.filter((cell) => cell.upstream === id)
    const reasons: string[] = []
    const rows = features.map(({ name }) => {
      const marks = clients.map((client) => {
        const cell = own.find((one) => one.feature === name && one.client === client.id)
        return markOf(cell, reasons)
      })
      return `| ${name} | ${marks.join(' | ')} |`
    })
    const header = `| | ${clients.map((client) => client.title).join(' | ')} |`
    const rule = `|---|${clients.map(() => ':-:').join('|')}|`
    const notes = reasons.map((reason, index) => `${index + 1}. ${reason}`)
    return [`## ${title}`, '', header, rule, ...rows, ...(notes.length > 0 ? ['', ...notes] : []), ''].join(
      '\n',
    )
  })
  return `${head}\n${sections.join('\n')}`
}

function markOf(cell: Cell | undefined, reasons: string[]): string {
  if (cell === undefined) return ''
  if (cell.outcome.kind === 'works') return '✓'
  if (cell.outcome.kind === 'fails') return '✗'
  const { why } = cell.outcome
  if (!reasons.includes(why)) reasons.push(why)
  return `– ${reasons.indexOf(why) + 1}`
}

function titlesOf(revision: string): string {
  return clients
    .filter((client) => client.revision === revision)
    .map(({ title }) => title)
    .join(' · ')
}
