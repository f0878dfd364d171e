import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { runTour } from '../tour/run-tour.ts'
import { startThrowAwayHub } from '../tour/throw-away-hub.ts'
import type { TourStep } from '../tour/tour-step.ts'

export const tour: Command = {
  usage: ['tour'],
  summary: 'Takes the six steps of an MCP call for real, and tells each. Needs no hub.',
  about: [
    'A hub of its own on a free port, with the filesystem and memory servers and a folder under the system’s temporary',
    'directory; all of it is gone afterwards. It needs no network.',
  ],
  async run({ positionals, directory, tell }) {
    if (positionals.length > 0) throw new CliError('tour takes no names.', { hint: 'parley tour' })
    tell('Starting a hub that is thrown away, with a filesystem and a memory server …')
    await using hub = await startThrowAwayHub(directory)
    const { url } = hub.client
    tell(`It listens at ${url}; an app sees one MCP server there.`)
    const steps = await runTour(hub, (step) => tell(describe(step)))
    const ok = steps.every(({ facts }) => facts.every((fact) => fact.ok))
    const end = ok
      ? 'Six steps, as they should be. The hub and its files are gone.'
      : 'Something is not as it should be.'
    return { value: { ok, url, steps }, text: `\n${end}`, ok }
  },
}

function describe({ step, name, why, facts }: TourStep): string {
  const lines = facts.map(({ did, found, ok }) => `   ${ok ? 'ok  ' : 'FAIL'} ${did}: ${found}`)
  return ['', `${step}. ${name} — ${why}`, ...lines].join('\n')
}
