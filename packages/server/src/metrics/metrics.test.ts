import { expect, test } from 'vitest'
import { prometheusText } from '../lib/prometheus-text.ts'
import { CallCounts } from './call-counts.ts'

test('label values cannot end their quotes or their line', () => {
  const samples = [{ labels: { name: 'a"b\\c\nd' }, value: Infinity }]
  expect(prometheusText([{ name: 'x', type: 'gauge', help: 'one\ntwo', samples }])).toBe(
    '# HELP x one\\ntwo\n# TYPE x gauge\nx{name="a\\"b\\\\c\\nd"} +Inf\n',
  )
})

test('buckets count everything below their bound, and the last one everything', () => {
  const counts = new CallCounts()
  for (const latencyMicros of [500, 501, 7_000, 90_000_000]) {
    counts.add({ face: 'mcp', action: 'tools/call', result: 'ok', latencyMicros })
  }
  const text = prometheusText(counts.families())
  expect(text).toContain('parley_calls_total{face="mcp",method="tools/call",result="ok"} 4\n')
  expect(text).toContain('_bucket{face="mcp",le="0.0005"} 1\n')
  expect(text).toContain('_bucket{face="mcp",le="0.001"} 2\n')
  expect(text).toContain('_bucket{face="mcp",le="60"} 3\n')
  expect(text).toContain('_bucket{face="mcp",le="+Inf"} 4\n')
  expect(text).toContain('_count{face="mcp"} 4\n')
})

test('the number of series has a limit', () => {
  const counts = new CallCounts()
  for (let index = 0; index < 2000; index++)
    counts.add({ face: 'mcp', action: `m${index}`, result: 'ok', latencyMicros: 1 })
  expect(counts.families()[0]!.samples.length).toBe(1000)
})
