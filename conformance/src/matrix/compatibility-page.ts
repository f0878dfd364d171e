import { REVISIONS, REVISION_FEATURES } from '@parley/contract'
import { clients } from './clients.ts'
import { notOffered } from './features/feature.ts'
import { features, upstreams } from './run-matrix.ts'
import type { Cell } from './run-matrix.ts'

const head = `# Compatibility

Which client reaches what of which server through the hub, on \`/mcp/servers/{server}\`. Every mark is a test with the
client and the server as published, and the hub between them: \`npm run conformance\` runs them and compares the
outcome with this page, \`npm run conformance -- --matrix --write\` writes it.

✓ works · ✗ does not work · – cannot be shown, for the reason below the table

Clients by the revision they speak, over Streamable HTTP unless it says SSE (HTTP+SSE, the transport of 2024-11-05):

${REVISIONS.map((revision) => `- ${revision}: ${titlesOf(revision)}`).join('\n')}

2026-07-28 has no HTTP+SSE, and 2024-11-05 no Streamable HTTP, so there are no servers of these kinds. Servers of
revisions before 2025-11-25 are tried with official clients alone.

## What the revisions differ in

The hub speaks each side's revision to it. What one side's revision does not know:

| | revisions | for those without |
|---|---|---|
${Object.values(REVISION_FEATURES).map(formatFeature).join('\n')}
`

function formatFeature(feature: { name: string; since: string; until?: string; elsewhere: string }): string {
  const { name, since, until, elsewhere } = feature
  const span =
    until === undefined ? `since ${since}` : since === until ? `${since} alone` : `${since} to ${until}`
  return `| ${name} | ${span} | ${elsewhere} |`
}

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
  const shown = clients.filter(({ id }) => cells.some(({ client }) => client === id))
  for (const { name } of features) {
    const own = cells.filter(({ feature }) => feature === name)
    if (own.every(({ outcome }) => outcome.kind === 'absent' && outcome.why === notOffered)) {
      missing.push(name)
      continue
    }
    const marks = shown.map(({ id }) =>
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
    `| | ${shown.map((client) => client.title).join(' | ')} |`,
    `|---|${shown.map(() => ':-:').join('|')}|`,
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
