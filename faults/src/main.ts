import { faultGroups, notApplicable } from './cases/all-groups.ts'
import { runInNamespace } from './run/run-in-namespace.ts'
import { runGroups, type Tally } from './run/run-groups.ts'
import { readSettings, USAGE } from './run/settings.ts'

if (process.argv.includes('--help')) {
  console.log(USAGE)
} else {
  const settings = readSettings(process.argv.slice(2), Date.now())
  const tally: Tally = { passed: 0, failed: 0 }
  const inside = faultGroups.filter((group) => group.needsNamespace)
  if (settings.isInsideNamespace) {
    await runGroups(inside, settings, tally)
  } else {
    console.log(`faults, seed ${settings.seed}${settings.isFull ? ', full' : ''}`)
    await runGroups(
      faultGroups.filter((group) => !group.needsNamespace),
      settings,
      tally,
    )
    await runInNamespace(inside, settings, tally)
    if (settings.only === undefined) for (const reason of notApplicable) console.log(`  n/a  ${reason}`)
  }
  console.log(`${settings.isInsideNamespace ? '' : '\n'}${tally.passed} passed, ${tally.failed} failed`)
  process.exit(tally.failed > 0 ? 1 : 0)
}
