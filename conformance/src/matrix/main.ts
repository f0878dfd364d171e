import { parseArgs } from 'node:util'
import { checkPage } from './check-page.ts'

const usage = `node conformance/src/matrix/main.ts [--write] [--only NAME]... [--direct]

Runs every client of the matrix against every upstream through a hub and compares the outcome with
docs/compatibility.md. Fails where something does not work or the page says otherwise.

  --write       write the page instead of comparing it
  --only NAME   an upstream, a client or a feature; may be given several times; leaves the page alone
  --direct      without a hub, on upstreams over HTTP and clients of their era: proves the matrix itself`

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
  const { only, direct: isDirect, write: mayWrite } = values
  const { works, failed, isPageRight } = await checkPage({ only, isDirect, mayWrite })
  if (failed > 0 || !isPageRight) process.exitCode = 1
  console.log(`${works} passed, ${failed} failed`)
}
