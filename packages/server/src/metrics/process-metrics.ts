import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { MetricFamily } from '../lib/prometheus-text.ts'

/** The event loop is looked at this often; the wait itself is no lag. */
const RESOLUTION_MS = 50
const QUANTILES = [0.5, 0.99, 1]

/** What the process uses, and how late its event loop runs; `dispose` stops looking. */
export class ProcessMetrics implements Disposable {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })

  constructor() {
    this.#delay.enable()
  }

  /** The lag is that since the last call. */
  families(): MetricFamily[] {
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed } = process.memoryUsage()
    const lag = QUANTILES.map((quantile) => ({
      labels: { quantile: String(quantile) },
      value: Math.max(0, this.#delay.percentile(quantile * 100) / 1e9 - RESOLUTION_MS / 1e3),
    }))
    this.#delay.reset()
    return [
      {
        name: 'parley_event_loop_lag_seconds',
        type: 'gauge',
        help: 'How late the event loop ran since the last scrape; quantile 1 is the worst.',
        samples: lag,
      },
      {
        name: 'process_cpu_seconds_total',
        type: 'counter',
        help: 'Processor time of all threads.',
        samples: [{ value: (user + system) / 1e6 }],
      },
      {
        name: 'process_resident_memory_bytes',
        type: 'gauge',
        help: 'Resident memory.',
        samples: [{ value: rss }],
      },
      {
        name: 'parley_heap_used_bytes',
        type: 'gauge',
        help: "Memory that the main thread's JavaScript uses.",
        samples: [{ value: heapUsed }],
      },
    ]
  }

  [Symbol.dispose](): void {
    this.#delay.disable()
  }
}
