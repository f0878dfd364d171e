import { CHECKS_BY_FILE } from '../conformance/src/a2a/checks/all-checks.ts'
import { A2A_REQUIREMENTS } from '../conformance/src/a2a/requirements.ts'
import type { A2aRequirement } from '../conformance/src/a2a/requirements.ts'
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

const A2A = `
## Requirements of A2A

Every MUST and SHOULD of the A2A specification 1.0.1 by its section, and what of 0.3 is spoken. The checks are run in each
binding by \`npm run conformance -- --a2a\`, on agents of the reference SDK and on the same agents behind the hub. C:
required of clients, which the hub is towards agents.

| | level | requirement | checked by |
|---|---|---|---|
`

/** The page \`docs/standards.md\`. */
export function standardsPage(): string {
  const proofs = findProofs()
  const standards = STANDARDS.map(({ name, url, about }) => `| [${name}](${url}) | ${about} |`)
  const rows = REQUIREMENTS.map((requirement) => row(requirement, proofs))
  const a2a = A2A_REQUIREMENTS.map(a2aRow)
  return `${HEAD}${standards.join('\n')}\n${LIST}| | requirement | proved by |\n|---|---|---|\n${rows.join('\n')}\n${A2A}${a2a.join('\n')}\n`
}

function a2aRow({ id, level, about, untested, for: who }: A2aRequirement): string {
  const checks = Object.entries(CHECKS_BY_FILE).flatMap(([file, own]) =>
    own
      .filter(({ proves }) => proves.includes(id))
      .map(({ says }) => `[${escape(says)}](../conformance/src/a2a/checks/${file})`),
  )
  const shown = checks.slice(0, MOST_SHOWN)
  const more = checks.length > MOST_SHOWN ? [`and ${checks.length - MOST_SHOWN} more`] : []
  const by = untested ?? [...shown, ...more].join(' · ')
  return `| ${id.replace('A2A-', '')} | ${level}${who === 'client' ? ', C' : ''} | ${about} | ${by} |`
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
