import { parseArgs } from 'node:util'
import { runClientLegs } from './clients/run-client-legs.ts'
import { isFailure } from './leg.ts'
import { printLeg, printTotals } from './print-report.ts'
import { runCrossEraLegs, runDirectLegs, runHubLegs } from './server-legs.ts'

const usage = `npm run conformance -- [--direct-only] [--only SCENARIO] [--json]

Runs the MCP conformance suite against the fixture directly, then through a hub, within and across eras, then the
suite's client scenarios through the hub's own client. Fails on any difference from the direct run.

  --direct-only     only the fixture and a plain client, without a hub
  --only SCENARIO   one scenario of the suite
  --json            the legs as JSON on stdout instead of tables`

await main()

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'direct-only': { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return
  }
  const selection = values.only === undefined ? {} : { only: values.only }

  const { legs: directLegs, results } = await runDirectLegs(selection)
  const legs = [...directLegs]
  if (!values['direct-only']) {
    legs.push(...(await runHubLegs(results, selection)), ...(await runCrossEraLegs(results, selection)))
  }
  legs.push(...(await runClientLegs({ ...selection, isDirectOnly: values['direct-only'] })))

  const shown = legs.filter(({ rows }) => rows.length > 0)
  if (shown.length === 0) throw new Error(`No scenario is called ${values.only}`)
  if (values.json) {
    console.log(JSON.stringify(shown, null, 2))
  } else {
    for (const leg of shown) printLeg(leg)
    printTotals(shown)
  }
  process.exitCode = shown.some(({ rows }) => rows.some(isFailure)) ? 1 : 0
}
