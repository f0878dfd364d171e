import type { Era } from '../../fixture/era.ts'
import { fixtureScript, startFixture } from '../../process/start-fixture.ts'
import type { MatrixUpstream, Specimen, StartedUpstream } from './upstream.ts'

const pageSize = 5

export const specimen: Specimen = {
  tool: { name: 'test_simple_text', expect: 'simple text response' },
  resource: { uri: 'test://static-text', expect: 'static text resource' },
  template: { uriTemplate: 'test://template/{id}/data', uri: 'test://template/77/data', expect: '"id":"77"' },
  prompt: { name: 'test_prompt_with_arguments', args: { arg1: 'one', arg2: 'two' }, expect: "arg1='one'" },
  completion: {
    ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' },
    argument: { name: 'arg1', value: 'par' },
    expect: 'paris',
  },
  progress: { name: 'test_tool_with_progress', expect: 'Reported progress' },
  structured: {
    name: 'test_structured_content',
    args: { city: 'Paris' },
    expect: 'Paris',
    property: 'degrees',
  },
  sampling: { name: 'test_sampling', args: { prompt: 'Say something' }, expect: 'sampled answer' },
  elicitation: { name: 'test_elicitation', args: { message: 'Who are you?' }, expect: 'matrix answer' },
  urlElicitation: { name: 'test_elicitation_url', expect: 'action=accept' },
  roots: { name: 'test_roots', expect: 'file:///srv/matrix-root' },
}

/** The fixture, built on SDK 2.4's server, in one era each. */
export const fixtureUpstreams: MatrixUpstream[] = [
  overHttp('modern'),
  overHttp('legacy'),
  overStdio('modern'),
  overStdio('legacy'),
]

function overHttp(era: Era): MatrixUpstream {
  const revision = era === 'modern' ? '2026-07-28' : '2025-11-25'
  return {
    id: `sdk-v2-${era}-http`,
    title: `SDK 2.4 server, ${revision} over HTTP`,
    revision,
    specimen,
    isFixture: true,
    async start(): Promise<StartedUpstream> {
      const [whole, paged] = await Promise.all([startFixture(era), startFixture(era, pageSize)])
      return {
        server: { url: whole.url },
        paged: { url: paged.url },
        stop: async () => void (await Promise.all([whole.stop(), paged.stop()])),
      }
    },
  }
}

function overStdio(era: Era): MatrixUpstream {
  const revision = era === 'modern' ? '2026-07-28' : '2025-11-25'
  const args = [fixtureScript, '--stdio', '--era', era]
  return {
    id: `sdk-v2-${era}-stdio`,
    title: `SDK 2.4 server, ${revision} over stdio`,
    revision,
    specimen,
    isFixture: true,
    start: async () => ({
      server: { command: process.execPath, args },
      paged: { command: process.execPath, args: [...args, '--page-size', String(pageSize)] },
      stop: async () => {},
    }),
  }
}
