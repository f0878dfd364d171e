import { A2A_TITLE } from '../../matrix/page-file.ts'
import { SINGLE_INTERFACES } from '../agent/single-interface-cards.ts'
import { SDK_CLIENTS } from '../clients.ts'
import { CLIENT_FEATURES } from './client-features.ts'
import type { A2aCell } from './run-a2a-matrix.ts'

const head = `${A2A_TITLE}

Which client does what at which agent through the hub, on \`/a2a/agents/{agent}\`: clients of \`@a2a-js/sdk\` in each binding
and version that the hub serves, before agents of \`@a2a-js/sdk\` that speak one binding in one version alone. The hub
serves no gRPC of 0.3, and asks agents that speak it. \`npm run conformance -- --a2a\` runs them and compares the outcome
with this part, \`npm run conformance -- --a2a --write\` writes it. How the hub does in the requirements of the
specification is in [standards](standards.md).
`

const names = { JSONRPC: 'JSON-RPC', 'HTTP+JSON': 'HTTP+JSON', GRPC: 'gRPC' } as const

/** The part of docs/compatibility.md about A2A, from all cells. */
export function formatA2aPart(cells: readonly A2aCell[]): string {
  const sections = SINGLE_INTERFACES.map(({ name, binding, version }) =>
    formatAgent(
      `Agents that speak ${names[binding]} ${version}`,
      cells.filter(({ agent }) => agent.name === name),
    ),
  )
  return `${head}\n${sections.join('\n')}`
}

function formatAgent(title: string, cells: readonly A2aCell[]): string {
  const reasons: string[] = []
  const rows = CLIENT_FEATURES.map(({ name }) => {
    const own = cells.filter(({ feature }) => feature === name)
    const marks = SDK_CLIENTS.map((client) =>
      markOf(
        own.find((cell) => cell.client === client.title),
        reasons,
      ),
    )
    return `| ${name} | ${marks.join(' | ')} |`
  })
  const lines = [
    `### ${title}`,
    '',
    `| | ${SDK_CLIENTS.map((client) => client.title).join(' | ')} |`,
    `|---|${SDK_CLIENTS.map(() => ':-:').join('|')}|`,
    ...rows,
    '',
  ]
  if (reasons.length > 0) lines.push(...reasons.map((reason, index) => `${index + 1}. ${reason}`), '')
  return lines.join('\n')
}

function markOf(cell: A2aCell | undefined, reasons: string[]): string {
  if (cell === undefined) return ''
  if (cell.outcome === 'works') return '✓'
  if (!reasons.includes(cell.why)) reasons.push(cell.why)
  return `${cell.outcome === 'fails' ? '✗' : '–'} ${reasons.indexOf(cell.why) + 1}`
}
