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
  /** Everything in the Prometheus text format; `docs/operations.md` lists it. */
  text(state: HubState): string
}

/** Counts from now on. Nothing here names a person, a key or an argument. */
export function createMetrics(): Metrics {
  const calls = new CallCounts()
  const system = new ProcessMetrics()
  let unauthenticated = 0
  let rateLimited = 0

  return {
    countCall: (call) => calls.add(call),
    countUnauthenticated: () => void unauthenticated++,
    countRateLimited: () => void rateLimited++,
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
        ...system.families(),
      ]),
    [Symbol.dispose]: () => system[Symbol.dispose](),
  }
}
