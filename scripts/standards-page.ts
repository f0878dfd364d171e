import { findProofs, type Proof } from './find-proofs.ts'
import { REQUIREMENTS, STANDARDS, type Requirement } from './standards.ts'

const HEAD = `# Standards

Written by \`npm run docs\`. What the hub follows, and each requirement it answers for with the tests that prove it: a test
says so by its name, and \`npm test\` fails when a requirement has none.

## What is followed

| standard | what of it |
|---|---|
`

const LIST = `
## Requirements

AS: authorization server, RS: resource server, PX: third parties, B: agents (MCP and A2A authorization); A: OAuth (RFC 9700),
C: pages and accounts, G: gateway, T: what servers offer and answer, D: denial of service, S: secrets, R: reliability.

`

/** The page \`docs/standards.md\`. */
export function standardsPage(): string {
  const proofs = findProofs()
  const standards = STANDARDS.map(({ name, url, about }) => `| [${name}](${url}) | ${about} |`)
  const rows = REQUIREMENTS.map((requirement) => row(requirement, proofs))
  return `${HEAD}${standards.join('\n')}\n${LIST}| | requirement | proved by |\n|---|---|---|\n${rows.join('\n')}\n`
}

const MOST_SHOWN = 3

function row({ id, about, notYet }: Requirement, proofs: readonly Proof[]): string {
  const own = proofs.filter((proof) => proof.id === id)
  const shown = own.slice(0, MOST_SHOWN).map(({ file, name }) => `[${escape(name)}](../${file})`)
  const more = own.length > MOST_SHOWN ? [`and ${own.length - MOST_SHOWN} more`] : []
  const proved = own.length > 0 ? [...shown, ...more].join(' · ') : `not yet: ${notYet ?? 'no test'}`
  return `| ${id} | ${about} | ${proved} |`
}

function escape(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll(/\\(['"`])/g, '$1')
    .replaceAll('`', '')
}
