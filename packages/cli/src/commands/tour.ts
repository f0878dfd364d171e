import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { runTour } from '../tour/run-tour.ts'
import { startThrowAwayHub } from '../tour/throw-away-hub.ts'
import type { TourStep, TourStory } from '../tour/tour-step.ts'

const STORIES: readonly TourStory[] = ['mcp', 'a2a']

export const tour: Command = {
  usage: ['tour [mcp|a2a]'],
  summary:
    'Takes the six steps of an MCP call and the seven of agents that work together, for real. Needs no hub.',
  about: [
    'A hub of its own on a free port, with the filesystem and memory servers, two sample agents, and a folder under the',
    'system’s temporary directory; all of it is gone afterwards. It needs no network.',
  ],
  async run({ positionals, directory, tell }) {
    const [named, ...others] = positionals
    const stories = STORIES.filter((story) => named === undefined || story === named)
    if (stories.length === 0 || others.length > 0)
      throw new CliError('tour takes no names but mcp or a2a.', { hint: 'parley tour' })
    tell('Starting a hub that is thrown away, with a filesystem and a memory server …')
    await using hub = await startThrowAwayHub(directory)
    const { url } = hub.client
    tell(`It listens at ${url}; an app sees one MCP server there, and agents.`)
    let told: TourStory | undefined
    const steps = await runTour(hub, stories, (step) => {
      if (step.story !== told) tell(TITLES[step.story])
      told = step.story
      tell(describe(step))
    })
    const ok = steps.every(({ facts }) => facts.every((fact) => fact.ok))
    const end = ok
      ? 'All steps are as they should be. The hub and its files are gone.'
      : 'Something is not as it should be.'
    return { value: { ok, url, steps }, text: `\n${end}`, ok }
  },
}

const TITLES: Readonly<Record<TourStory, string>> = {
  mcp: '\nAn app uses tools',
  a2a: '\nAgents work together',
}

function describe({ step, name, why, facts }: TourStep): string {
  const lines = facts.map(({ did, found, ok }) => `   ${ok ? 'ok  ' : 'FAIL'} ${did}: ${found}`)
  return ['', `${step}. ${name} — ${why}`, ...lines].join('\n')
}
