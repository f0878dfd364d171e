import { faultGroups, notApplicable } from './cases/all-groups.ts'
import { runInNamespace } from './run/run-in-namespace.ts'
import { runGroups, type Tally } from './run/run-groups.ts'
import { readSettings, USAGE } from './run/settings.ts'

if (process.argv.includes('--help')) {
  console.log(USAGE)
} else {
  const settings = readSettings(process.argv.slice(2), Date.now())
  const tally: Tally = { passed: 0, failed: 0 }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
  process.on('unhandledRejection', (reason) => {
    tally.failed += 1
    console.log(
      `  FAIL something a case left behind failed later: ${reason instanceof Error ? reason.stack : String(reason)}`,
    )
  })
  const groups = faultGroups(settings)
  const inside = groups.filter((group) => group.needsNamespace)
  if (settings.isInsideNamespace) {
    await runGroups(inside, settings, tally)
  } else {
    console.log(`faults, seed ${settings.seed}${settings.isFull ? ', full' : ''}`)
    await runGroups(
      groups.filter((group) => !group.needsNamespace),
      settings,
      tally,
    )
    await runInNamespace(inside, settings, tally)
    if (settings.only === undefined)
      for (const reason of notApplicable(settings)) console.log(`  n/a  ${reason}`)
  }
  console.log(`${settings.isInsideNamespace ? '' : '\n'}${tally.passed} passed, ${tally.failed} failed`)
  if (tally.passed + tally.failed === 0 && !settings.isInsideNamespace)
    console.log(`no case is called ${settings.only}`)
  process.exit(tally.failed > 0 || tally.passed === 0 ? 1 : 0)
}
