import type { PresentationNeeds } from '@parley/contract'
import { describe, expect, test } from 'vitest'
import type { Part, StreamResponse } from '../../a2a/index.ts'
import type { AgentEntry } from '../../directory/index.ts'
import { readRange } from './media-range.ts'
import { StreamView } from './stream-view.ts'

const AGENT = { extensions: [] as AgentEntry['extensions'] } as AgentEntry
const ids = { taskId: 't', contextId: 'c' }

function reader(modes: readonly string[], needs: PresentationNeeds = {}) {
  const wish = { needs, ranges: modes.map((mode) => readRange(mode)!), modes, isConverted: true }
  return new StreamView({ wish, agent: AGENT })
}

function chunk(parts: readonly Part[], more: { append?: boolean; lastChunk?: boolean } = {}): StreamResponse {
  return { artifactUpdate: { ...ids, artifact: { artifactId: 'a', parts }, ...more } }
}

const markdown = (text: string): Part => ({ text, mediaType: 'text/markdown' })
const status = (state: 'TASK_STATE_WORKING' | 'TASK_STATE_COMPLETED'): StreamResponse => ({
  statusUpdate: { ...ids, status: { state } },
})

/** As a client puts the artifact together: `append` adds, anything else takes its place. */
function collect(events: readonly StreamResponse[]): readonly string[] {
  let parts: Part[] = []
  for (const event of events) {
    if ('task' in event) parts = [...(event.task.artifacts?.[0]?.parts ?? [])]
    if (!('artifactUpdate' in event)) continue
    const { artifact, append } = event.artifactUpdate
    parts = append === true ? [...parts, ...artifact.parts] : [...artifact.parts]
  }
  return parts.map(({ text, mediaType }) => text ?? mediaType ?? '')
}

describe('point 7: a stream as one reader takes it', () => {
  test('who joins in the middle has the same at the end as who was there from the start', () => {
    const pieces = ['# He', 'llo\n\n**wor', 'ld**']
    const first = reader(['text/plain'])
    const early = pieces.flatMap((text, at) =>
      first.take(chunk([markdown(text)], { append: at > 0, lastChunk: at === 2 })),
    )
    const second = reader(['text/plain'])
    const late = [
      ...second.take({
        task: {
          id: 't',
          contextId: 'c',
          status: { state: 'TASK_STATE_WORKING' },
          artifacts: [{ artifactId: 'a', parts: [markdown(pieces[0]!), markdown(pieces[1]!)] }],
        },
      }),
      ...second.take(chunk([markdown(pieces[2]!)], { append: true, lastChunk: true })),
    ]
    expect(collect(early)).toEqual(['Hello\n\nworld'])
    expect(collect(late)).toEqual(collect(early))
    expect([...first.end(), ...second.end()]).toEqual([])
  })

  test('a text that never had a last chunk is told before the task’s end, which stays last', () => {
    const view = reader(['text/plain'])
    const events = [
      ...view.take(chunk([markdown('# a')])),
      ...view.take(chunk([markdown('\n\nb *c*')], { append: true })),
      ...view.take(status('TASK_STATE_WORKING')),
      ...view.take(status('TASK_STATE_COMPLETED')),
    ]
    expect(collect(events)).toEqual(['a\n\nb c'])
    expect(events.at(-1)).toMatchObject({ statusUpdate: { status: { state: 'TASK_STATE_COMPLETED' } } })
    expect(view.end()).toEqual([])
  })

  test('what was told piece by piece stays when a text that must be whole comes after it', () => {
    const view = reader(['text/plain', 'image/png'])
    const events = [
      ...view.take(chunk([{ raw: 'aa', mediaType: 'image/png' }])),
      ...view.take(chunk([{ text: 'plain' }], { append: true })),
      ...view.take(chunk([markdown('*x')], { append: true })),
      ...view.take(chunk([markdown('y*')], { append: true })),
      ...view.take(chunk([{ text: 'z' }], { append: true, lastChunk: true })),
    ]
    expect(collect(events)).toEqual(['image/png', 'plain', 'xy', 'z'])
    // In the order of the agent, and nothing of it twice.
    expect(events).toHaveLength(3)
  })

  test('plain text is HTML chunk by chunk; a sound gives way to words that came before it', () => {
    const view = reader(['text/html'])
    const events = [
      ...view.take(chunk([{ text: 'a <' }])),
      ...view.take(chunk([{ text: 'b>' }], { append: true })),
      ...view.take(chunk([{ raw: 'aa', mediaType: 'audio/wav' }], { append: true, lastChunk: true })),
    ]
    expect(events).toHaveLength(3)
    expect(collect(events)).toEqual(['a &lt;', 'b&gt;'])
  })

  test('a text that is too long goes through as it is, all of it, and that is said', () => {
    const view = reader(['text/plain'])
    const piece = `# ${'x'.repeat(100_000)}\n`
    const events = Array.from({ length: 5 }, (_, at) =>
      view.take(chunk([markdown(piece)], { append: at > 0, lastChunk: at === 4 })),
    ).flat()
    expect(collect(events).join('')).toBe(piece.repeat(5))
    expect(JSON.stringify(events.at(-1))).toContain('262144 characters')
  })
})
