import type { Figures } from '../measure/alternate.ts'
import { A2A_LEG } from '../measure/group.ts'
import type { Results, Target } from './targets.ts'

/** What the hub of agents is held to, beside an agent of the reference SDK. */
export const A2A_TARGETS: readonly Target[] = [
  {
    name: 'A2A SendMessage to a message, passed through in a second',
    atLeast: 10_000,
    unit: '',
    value: (r) => calls(r, A2A_LEG.hubMessage)?.perSecond,
  },
  {
    name: 'A2A SendMessage to a task, kept, against the SDK in memory',
    atLeast: 1,
    unit: '×',
    value: (r) => calls(r, A2A_LEG.hubTask)?.ratio,
  },
  {
    name: 'A2A GetTask against the SDK',
    atLeast: 2,
    unit: '×',
    value: (r) => calls(r, A2A_LEG.hubGet)?.ratio,
  },
  {
    name: 'A2A events in a second, their tasks kept',
    atLeast: 50_000,
    unit: '',
    value: (r) => find(r, 'a2a-streams', A2A_LEG.hubStreams)?.eventsPerSecond,
  },
  {
    name: 'A2A stream of 3,000 artifact events',
    atMost: 150,
    unit: ' ms',
    value: (r) => r['a2a-streams']?.numbers['one stream of 3,000 artifact events, through the hub, ms'],
  },
  {
    name: 'A2A idle subscription',
    atMost: 50,
    unit: ' KB',
    value: (r) => r['a2a-idle']?.numbers['RSS for each idle subscription, KB'],
  },
  {
    name: 'A2A ListTasks, a page of 50, p99',
    atMost: 5,
    unit: ' ms',
    value: (r) => r['a2a-list']?.numbers['first page, p99 ms'],
  },
]

function calls(results: Results, name: string): Figures | undefined {
  return find(results, 'a2a-calls', name)
}

function find(results: Results, group: string, name: string): Figures | undefined {
  return results[group]?.figures.find((figures) => figures.name === name)
}
