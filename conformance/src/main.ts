import { parseArgs } from 'node:util'
import { checkA2a } from './a2a/check-a2a.ts'
import { runAuthorizationLegs } from './authorization/run-authorization-legs.ts'
import { runAuthLegs } from './clients/run-auth-legs.ts'
import { runClientLegs } from './clients/run-client-legs.ts'
import { isFailure } from './leg.ts'
import type { Leg } from './leg.ts'
import { checkPage } from './matrix/check-page.ts'
import { runTaskLegs } from './tasks/run-task-legs.ts'
import { runParts } from './run-parts.ts'
import { printLeg, printTotals } from './print-report.ts'
import { runCrossEraLegs, runDirectLegs, runHubLegs } from './server-legs.ts'

const usage = `npm run conformance -- [--suite [--direct-only] [--only SCENARIO] [--json] | --a2a [--direct-only] [--only TEXT] [--write] | --authorization | --matrix [--write]]

Runs the MCP conformance suite against the fixture directly, then through a hub, within and across eras, and the
suite's client scenarios through the hub's own client, those about authorization with the hub as OAuth client; fails on
any difference from the direct run. Then the hub as an authorization server: the suite's checks, and published clients that get a token of their own, with a person in
Chromium. Then the A2A suite on the reference agent directly, and through the hub. Then runs published clients against published servers through a hub; fails where something does not work, or
docs/compatibility.md says otherwise.

  --suite           only the suite
  --direct-only     the suite on the fixture and a plain client, without a hub
  --only SCENARIO   one scenario of the suite
  --json            the suite's legs as JSON on stdout instead of tables
  --a2a             only the A2A suite; --only takes a part of a check's name, or a requirement
  --authorization   only the authorization server
  --matrix          only the clients and servers
  --write           write docs/compatibility.md instead of comparing it`

await main()

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      suite: { type: 'boolean', default: false },
      'direct-only': { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      a2a: { type: 'boolean', default: false },
      authorization: { type: 'boolean', default: false },
      matrix: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return
  }
  const { only, json, 'direct-only': isDirectOnly } = values
  const isSuiteOnly = !values.a2a && (values.suite || isDirectOnly || json || only !== undefined)
  const isEverything = !isSuiteOnly && !values.a2a && !values.authorization && !values.matrix
  if (isEverything && !values.write) {
    process.exitCode = (await runParts(import.meta.filename)) ? 0 : 1
    return
  }
  let isGood = true
  if (isEverything || isSuiteOnly) isGood = showLegs(await runLegs({ isDirectOnly, only }), json)
  if (isEverything || values.a2a)
    isGood = showLegs(await checkA2a({ isDirectOnly, only, mayWrite: values.write }), json) && isGood
  if (isEverything || values.authorization) isGood = showLegs(await runAuthorizationLegs(), false) && isGood
  if (isEverything || values.matrix) isGood = (await runCells(values.write)) && isGood
  process.exitCode = isGood ? 0 : 1
}

async function runLegs(options: { isDirectOnly: boolean; only: string | undefined }): Promise<Leg[]> {
  const { isDirectOnly, only } = options
  const selection = only === undefined ? {} : { only }
  const { legs: directLegs, results } = await runDirectLegs(selection)
  const legs = [...directLegs]
  if (!isDirectOnly) {
    legs.push(...(await runHubLegs(results, selection)), ...(await runCrossEraLegs(results, selection)))
    legs.push(...(await runTaskLegs(selection)))
  }
  legs.push(...(await runClientLegs({ ...selection, isDirectOnly })))
  if (!isDirectOnly) legs.push(...(await runAuthLegs(selection)))
  const shown = legs.filter(({ rows }) => rows.length > 0)
  if (shown.length === 0) throw new Error(`No scenario is called ${only}`)
  return shown
}

/** Prints them; true when nothing failed. */
function showLegs(legs: Leg[], asJson: boolean): boolean {
  if (asJson) {
    console.log(JSON.stringify(legs, null, 2))
  } else {
    for (const leg of legs) printLeg(leg)
    printTotals(legs)
  }
  return !legs.some(({ rows }) => rows.some(isFailure))
}

async function runCells(mayWrite: boolean): Promise<boolean> {
  console.log('\npublished clients and servers')
  const { works, failed, isPageRight } = await checkPage({ only: [], isDirect: false, mayWrite })
  console.log(`${works} passed, ${failed} failed`)
  return failed === 0 && isPageRight
}
