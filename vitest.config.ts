import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'scripts/**/*.test.ts',
      'faults/src/**/*.test.ts',
      'conformance/src/**/*.test.ts',
    ],
    // Hang limits, not timing assertions: a loaded machine may be ten times slower.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Tests wait for processes and sockets more than they compute; by default two cores run one at a time.
    maxWorkers: 2,
    // A worker goes on with the next file: nothing here keeps state in modules, and loading them again costs a quarter of all.
    isolate: false,
  },
})
