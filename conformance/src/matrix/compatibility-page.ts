import { clients } from './clients.ts'
import { notOffered } from './features/feature.ts'
import { features, upstreams } from './run-matrix.ts'
import type { Cell } from './run-matrix.ts'

const head = `# Compatibility

Which client reaches what of which server through the hub, on \`/mcp/servers/{server}\`. Every mark is a test with the
client and the server as published, and the hub between them: \`npm run conformance\` runs them and compares the
outcome with this page, \`npm run conformance -- --matrix --write\` writes it.

✓ works · ✗ does not work · – cannot be shown, for the reason below the table

Clients that speak 2026-07-28: ${titlesOf('2026-07-28')}.
Clients that speak 2025-11-25: ${titlesOf('2025-11-25')}.
`

/** The page, from all cells of the matrix. */
export function formatCompatibilityPage(cells: Cell[]): string {
  const sections = upstreams.map(({ id, title }) =>
    formatUpstream(
      title,
      cells.filter(({ upstream }) => upstream === id),
    ),
  )
  return `${head}\n${sections.join('\n')}`
}

function formatUpstream(title: string, cells: Cell[]): string {
  const reasons: string[] = []
  const rows: string[] = []
  const missing: string[] = []
  for (const { name } of features) {
    const own = cells.filter(({ feature }) => feature === name)
    if (own.every(({ outcome }) => outcome.kind === 'absent' && outcome.why === notOffered)) {
      missing.push(name)
      continue
    }
    const marks = clients.map(({ id }) =>
      markOf(
        own.find(({ client }) => client === id),
        reasons,
      ),
    )
    rows.push(`| ${name} | ${marks.join(' | ')} |`)
  }
  const lines = [
    `## ${title}`,
    '',
    `| | ${clients.map((client) => client.title).join(' | ')} |`,
    `|---|${clients.map(() => ':-:').join('|')}|`,
    ...rows,
    '',
  ]
  if (reasons.length > 0) lines.push(...reasons.map((reason, index) => `${index + 1}. ${reason}`), '')
  if (missing.length > 0) lines.push(`Not offered, or not tried, on this server: ${missing.join(', ')}.`, '')
  return lines.join('\n')
}

/** Every mark but ✓ has a footnote. */
function markOf(cell: Cell | undefined, reasons: string[]): string {
  if (cell === undefined) return ''
  if (cell.outcome.kind === 'works') return '✓'
  const { kind, why } = cell.outcome
  if (!reasons.includes(why)) reasons.push(why)
  return `${kind === 'fails' ? '✗' : '–'} ${reasons.indexOf(why) + 1}`
}

function titlesOf(revision: string): string {
  return clients
    .filter((client) => client.revision === revision)
    .map(({ title }) => title)
    .join(' · ')
}
