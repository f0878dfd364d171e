import { prometheusText } from '../lib/prometheus-text.ts'
import { CallCounts, type CountedCall } from './call-counts.ts'
import { stateFamilies, type HubState } from './hub-state.ts'
import { ProcessMetrics } from './process-metrics.ts'

export interface Metrics extends Disposable {
  countCall(call: CountedCall): void
  /** A request without a valid credential. */
  countUnauthenticated(): void
  /** A request beyond its caller's rate. */
  countRateLimited(): void
  /** Something that was looked for in a server's answer, by its kind. */
  countFinding(kind: string, count: number): void
  /** Everything in the Prometheus text format; `docs/operations.md` lists it. */
  text(state: HubState): string
}

/** Counts from now on. Nothing here names a person, a key or an argument. */
export function createMetrics(): Metrics {
  const calls = new CallCounts()
  const system = new ProcessMetrics()
  let unauthenticated = 0
  let rateLimited = 0
  const findings = new Map<string, number>()

  return {
    countCall: (call) => calls.add(call),
    countUnauthenticated: () => void unauthenticated++,
    countRateLimited: () => void rateLimited++,
    countFinding: (kind, count) => void findings.set(kind, (findings.get(kind) ?? 0) + count),
    text: (state) =>
      prometheusText([
        ...stateFamilies(state),
        ...calls.families(),
        {
          name: 'parley_unauthenticated_total',
          type: 'counter',
          help: 'Requests without a valid credential.',
          samples: [{ value: unauthenticated }],
        },
        {
          name: 'parley_rate_limited_total',
          type: 'counter',
          help: "Requests beyond their caller's rate.",
          samples: [{ value: rateLimited }],
        },
        {
          name: 'parley_content_findings_total',
          type: 'counter',
          help: "What was found in servers' answers, where it is looked for, by kind.",
          samples: [...findings].map(([kind, value]) => ({ labels: { kind }, value })),
        },
        ...system.families(),
      ]),
    [Symbol.dispose]: () => system[Symbol.dispose](),
  }
}
