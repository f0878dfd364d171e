import { faultGroups, leftOut } from './cases/all-groups.ts'
import { REQUIREMENTS } from './cases/requirements.ts'
import { buildHub } from './run/build-hub.ts'
import { printCoverage } from './run/coverage.ts'
import { runGroups } from './run/run-groups.ts'
import { runInNamespace, tellOutcomes } from './run/run-in-namespace.ts'
import { readSettings, USAGE, type Settings } from './run/settings.ts'

if (process.argv.includes('--help')) {
  console.log(USAGE)
} else {
  const given = readSettings(process.argv.slice(2), Date.now())
  const settings = { ...given, hubEntry: given.hubEntry ?? buildHub() }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
  process.exit(await (settings.isInsideNamespace ? runInside(settings) : runAll(settings)))
}

/** Inside the namespaces only the outcomes count; whoever started this judges them. */
async function runInside(settings: Settings): Promise<number> {
  tellOutcomes(
    await runGroups(
      faultGroups(settings).filter((group) => group.needsNamespace),
      settings,
    ),
  )
  return 0
}

async function runAll(settings: Settings): Promise<number> {
  const started = performance.now()
  const leftBehind: unknown[] = []
  process.on('unhandledRejection', (reason) => {
    leftBehind.push(reason)
    const text = reason instanceof Error ? reason.stack : String(reason)
    console.log(`  FAIL something a case left behind failed later: ${text}`)
  })
  console.log(`faults, seed ${settings.seed}${settings.isFull ? ', full' : ''}`)
  const groups = faultGroups(settings)
  const outcomes = [
    ...(await runGroups(
      groups.filter((group) => !group.needsNamespace),
      settings,
    )),
    ...(await runInNamespace(
      groups.filter((group) => group.needsNamespace),
      settings,
    )),
    ...leftOut(settings),
  ]
  for (const { items, name, result, reason } of outcomes)
    if (result === 'not run') console.log(`  not run: ${items[0]} ${name}: ${reason}`)
  const isWhole = settings.only === undefined
  const missing = isWhole ? printCoverage(REQUIREMENTS, outcomes) : 0
  const count = (result: string): number => outcomes.filter((outcome) => outcome.result === result).length
  const failed = count('failed') + leftBehind.length + missing
  const seconds = Math.round((performance.now() - started) / 1000)
  const more = [
    `${count('gap')} known gaps`,
    `${count('not run')} not run`,
    `${seconds} s`,
    `seed ${settings.seed}`,
  ]
  console.log(`\n${count('passed')} passed, ${failed} failed (${more.join(', ')})`)
  if (outcomes.length === 0) console.log(`no case is called ${settings.only}`)
  return failed > 0 || outcomes.length === 0 ? 1 : 0
}
