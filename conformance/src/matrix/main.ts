import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { repositoryRoot } from '../suite/suite-command.ts'
import { formatCompatibilityPage } from './compatibility-page.ts'
import { runMatrix } from './run-matrix.ts'

const usage = `node conformance/src/matrix/main.ts [--write] [--only NAME]... [--direct]

Runs every client of the matrix against every upstream through a hub and compares the outcome with
docs/compatibility.md. Fails where something does not work or the page says otherwise.

  --write       write the page instead of comparing it
  --only NAME   an upstream, a client or a feature; may be given several times; leaves the page alone
  --direct      without a hub, on upstreams over HTTP and clients of their era: proves the matrix itself`

const pageFile = join(repositoryRoot, 'docs', 'compatibility.md')

await main()

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      write: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      direct: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return
  }
  const cells = await runMatrix({
    only: values.only,
    isDirect: values.direct,
    onCell({ upstream, client, feature, outcome }) {
      if (outcome.kind === 'fails') console.log(`FAILS ${upstream} · ${client} · ${feature}: ${outcome.why}`)
    },
  })
  const isPageAffected = values.only.length === 0 && !values.direct
  if (isPageAffected && !(await isPageKept(formatCompatibilityPage(cells), values.write))) {
    console.log('docs/compatibility.md says otherwise; --write brings it up to date')
    process.exitCode = 1
  }
  const failed = cells.filter(({ outcome }) => outcome.kind === 'fails').length
  const works = cells.filter(({ outcome }) => outcome.kind === 'works').length
  if (failed > 0) process.exitCode = 1
  console.log(`${works} passed, ${failed} failed`)
}

async function isPageKept(page: string, mayWrite: boolean): Promise<boolean> {
  if (mayWrite) {
    await writeFile(pageFile, page)
    return true
  }
  return (await readFile(pageFile, 'utf8').catch(emptyWhenMissing)) === page
}

function emptyWhenMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}
