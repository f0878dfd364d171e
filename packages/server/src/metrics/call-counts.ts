import type { ActivityFace, ActivityRecord } from '@parley/contract'
import type { MetricFamily, Sample } from '../lib/prometheus-text.ts'

export interface CountedCall {
  readonly face: ActivityFace
  /** An MCP method or the name of a management route. */
  readonly action: string
  readonly result: ActivityRecord['result']
  readonly latencyMicros: number
}

/** Upper bounds of the latency buckets; what is slower is in `+Inf` alone. */
const BOUNDS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]
const BOUNDS_MICROS = BOUNDS_SECONDS.map((seconds) => seconds * 1e6)
/** Methods and results come from closed lists; the limit holds should one ever not. */
const MAX_SERIES = 1000

class Latencies {
  readonly buckets = new Float64Array(BOUNDS_MICROS.length + 1)
  sumMicros = 0
  count = 0

  add(micros: number): void {
    let at = 0
    while (at < BOUNDS_MICROS.length && micros > BOUNDS_MICROS[at]!) at++
    this.buckets[at]!++
    this.sumMicros += micros
    this.count++
  }
}

/**
 * Calls that reached a capability or a route, by what came of them.
 *
 * NOTE: on the lane. A call like one before costs two look-ups and no allocation.
 */
export class CallCounts {
  readonly #counts = new Map<ActivityFace, Map<string, Map<string, { value: number }>>>()
  readonly #latencies = new Map<ActivityFace, Latencies>()
  #series = 0

  add({ face, action: method, result, latencyMicros }: CountedCall): void {
    const counter = this.#counts.get(face)?.get(method)?.get(result) ?? this.#open(face, method, result)
    if (counter) counter.value++
    let latencies = this.#latencies.get(face)
    if (!latencies) this.#latencies.set(face, (latencies = new Latencies()))
    latencies.add(latencyMicros)
  }

  families(): MetricFamily[] {
    return [
      {
        name: 'parley_calls_total',
        type: 'counter',
        help: 'Calls that reached a capability or a management route, by face, method and result.',
        samples: this.#countSamples(),
      },
      {
        name: 'parley_call_duration_seconds',
        type: 'histogram',
        help: 'Time from the whole request to its result, servers included.',
        samples: [...this.#latencies].flatMap(([face, latencies]) => latencySamples(face, latencies)),
      },
    ]
  }

  #open(face: ActivityFace, method: string, result: string): { value: number } | undefined {
    if (this.#series >= MAX_SERIES) return undefined
    this.#series++
    const methods = this.#counts.get(face) ?? new Map<string, Map<string, { value: number }>>()
    const results = methods.get(method) ?? new Map<string, { value: number }>()
    const counter = { value: 0 }
    this.#counts.set(face, methods.set(method, results.set(result, counter)))
    return counter
  }

  #countSamples(): Sample[] {
    const samples: Sample[] = []
    for (const [face, methods] of this.#counts) {
      for (const [method, results] of methods) {
        for (const [result, { value }] of results) samples.push({ labels: { face, method, result }, value })
      }
    }
    return samples
  }
}

function latencySamples(face: ActivityFace, { buckets, sumMicros, count }: Latencies): Sample[] {
  let below = 0
  const samples: Sample[] = BOUNDS_SECONDS.map((bound, at) => {
    below += buckets[at]!
    return { suffix: '_bucket', labels: { face, le: String(bound) }, value: below }
  })
  return [
    ...samples,
    { suffix: '_bucket', labels: { face, le: '+Inf' }, value: count },
    { suffix: '_sum', labels: { face }, value: sumMicros / 1e6 },
    { suffix: '_count', labels: { face }, value: count },
  ]
}
