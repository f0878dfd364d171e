import type { Figures } from '../measure/alternate.ts'
import type { Group } from '../measure/group.ts'
import type { Verdict } from './targets.ts'

/** A group as a Markdown table. */
export function formatGroup(group: Group): string {
  const lines = [`### ${group.title}`, '']
  if (group.figures.length > 0) lines.push(...formatFigures(group.figures))
  for (const [name, value] of Object.entries(group.numbers)) lines.push(`- ${name}: ${round(value)}`)
  for (const reason of group.skipped) lines.push(`- left out: ${reason}`)
  return lines.join('\n')
}

export function formatVerdicts(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ target, limit, value, outcome }) => [
    target,
    limit,
    value === undefined ? '–' : round(value),
    outcome === 'unknown' ? 'not measured' : outcome,
  ])
  return ['### Targets', '', ...table(['target', 'limit', 'measured', 'outcome'], rows)].join('\n')
}

interface Column {
  readonly head: string
  readonly cell: (figures: Figures) => string
}

function formatFigures(figures: readonly Figures[]): string[] {
  const columns: Column[] = [
    { head: 'system', cell: (each) => each.name },
    { head: 'requests/s', cell: (each) => round(each.perSecond) },
    { head: 'ratio', cell: (each) => each.ratio.toFixed(2) },
    { head: 'CPU µs each, median (least)', cell: (each) => `${round(each.cpuUs)} (${round(each.cpuUsMin)})` },
    { head: 'ratio by CPU', cell: (each) => each.cpuRatio.toFixed(2) },
    { head: 'p50 / p99 µs', cell: (each) => `${round(each.p50Us)} / ${round(each.p99Us)}` },
    { head: 'RSS MB', cell: (each) => round(each.rssMb) },
    { head: 'waited %', cell: (each) => each.waitedPercent.toFixed(0) },
  ]
  // A single reply may come as a stream of one event; that is no stream worth counting.
  if (figures.some((each) => each.eventsPerSecond > 2 * each.perSecond)) {
    columns.splice(2, 0, { head: 'events/s', cell: (each) => round(each.eventsPerSecond) })
  }
  if (figures.some((each) => each.p50C1Us !== undefined)) {
    columns.splice(-2, 0, {
      head: 'p50 µs alone',
      cell: (each) => (each.p50C1Us === undefined ? '–' : round(each.p50C1Us)),
    })
  }
  const rows = figures.map((each) => columns.map(({ cell }) => cell(each)))
  return table(
    columns.map(({ head }) => head),
    rows,
  )
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
}

function round(value: number): string {
  return Math.abs(value) < 100
    ? String(Math.round(value * 100) / 100)
    : Math.round(value).toLocaleString('en')
}
