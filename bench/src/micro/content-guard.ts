import { guardResult, scanDefinition } from '../../../packages/server/src/content-guard/index.ts'
import { readTools } from '../../../packages/server/src/tool-search/fixtures/labelled-tools.ts'
import { least } from '../kit/statistics.ts'

/**
 * What looking through costs in CPU, in µs for a KB: of results, by what is looked for, and of definitions.
 * `node bench/src/micro/content-guard.ts`
 */
const ROUNDS = 10
const OFF = { hidden: 'flag', secrets: 'off', personal: 'off' } as const

const tools = readTools()
const prose = tools.map(({ name, description }) => `${name}: ${description}.`).join('\n')
const rows = Array.from({ length: 400 }, (_, at) => ({
  id: at * 7919,
  login: `user_${at}`,
  url: `https://api.example.com/users/user_${at}/repos?page=${at % 10}`,
  createdAt: '2026-11-25T17:00:00Z',
  bio: tools[at]!.description,
}))
const results = {
  prose: { content: [{ type: 'text', text: prose }] },
  'JSON as text': { content: [{ type: 'text', text: JSON.stringify(rows) }] },
  'structured content': { structuredContent: { rows } },
}

const numbers: Record<string, number> = {}
for (const [name, result] of Object.entries(results)) {
  const kilobytes = JSON.stringify(result).length / 1024
  for (const [what, settings] of Object.entries({
    secrets: { ...OFF, secrets: 'report' as const },
    'personal data': { ...OFF, personal: 'report' as const },
    everything: { hidden: 'strip' as const, secrets: 'redact' as const, personal: 'redact' as const },
  }))
    numbers[`${name}, ${what}, µs/KB`] = leastUs(() => guardResult(result, settings)) / kilobytes
}
const definitionKilobytes = JSON.stringify(tools).length / 1024
numbers['definitions, µs/KB'] = leastUs(() => tools.map(scanDefinition)) / definitionKilobytes
console.log(JSON.stringify(numbers, null, 2))

function leastUs(run: () => unknown): number {
  return least(
    Array.from({ length: ROUNDS }, () => {
      const { user, system } = process.threadCpuUsage()
      for (let at = 0; at < 10; at++) run()
      const after = process.threadCpuUsage()
      return (after.user + after.system - user - system) / 10
    }),
  )
}
