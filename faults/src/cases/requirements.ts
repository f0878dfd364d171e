import type { Requirement } from '../run/coverage.ts'

const SERVER = 'packages/server/src'
const BOTH = ['2026-07-28', '2025-11-25'] as const

/** Everything this suite answers for. An item without a case and without a test fails the run. */
export const REQUIREMENTS: readonly Requirement[] = [
  { id: 'P1', title: 'headers equal the body', eras: ['2026-07-28'] },
  { id: 'P2', title: 'no decision on a header alone', eras: BOTH },
  { id: 'P3', title: 'Origin, Host, methods of HTTP', eras: BOTH },
  { id: 'P4', title: 'exact, single JSON-RPC keys', eras: BOTH },
  {
    id: 'P5',
    title: 'requestState sealed, bound, used once',
    // A client of 2025-11-25 has no requestState; the upstreams of both eras are in the names.
    eras: ['2026-07-28'],
    tests: [
      {
        file: `${SERVER}/gateway/request-state.test.ts`,
        name: 'a state opens once, for the same caller and request',
      },
      { file: `${SERVER}/gateway/request-state.test.ts`, name: 'it does not open after its time' },
    ],
  },
  {
    id: 'P6',
    title: 'caching keeps to its scope',
    eras: BOTH,
  },
  { id: 'P7', title: 'a closed stream cancels upstream', eras: BOTH },
  {
    id: 'P8',
    title: 'sessions bound to their caller',
    eras: ['2025-11-25'],
  },
  { id: 'P9', title: 'x-mcp-header rules', eras: BOTH },
  { id: 'P10', title: 'nothing undeclared is asked of a client', eras: BOTH },
  { id: 'D1', title: 'body cap while streaming' },
  { id: 'D2', title: 'depth cap' },
  { id: 'D3', title: 'duplicate and prototype keys' },
  { id: 'D4', title: 'numbers, text, colliding keys' },
  { id: 'D5', title: 'costly schemas and templates' },
  {
    id: 'D6',
    title: 'slow clients are cut',
    tests: [
      { file: `${SERVER}/http/limits.test.ts`, name: 'cuts one that drips, although it never falls silent' },
    ],
  },
  {
    id: 'D7',
    title: 'stream caps',
    lacks: 'a peer that vanishes without a word needs a network that drops packets',
  },
  {
    id: 'D8',
    title: 'slow readers are bounded',
    tests: [
      {
        file: `${SERVER}/http/event-streams.test.ts`,
        name: 'D8: is cut when its reader leaves too much unread, and others lose nothing',
      },
    ],
  },
  { id: 'D9', title: 'request smuggling' },
  { id: 'D10', title: 'header block, caches, labels' },
  {
    id: 'D11',
    title: 'bulkhead and breaker',
    tests: [
      {
        file: `${SERVER}/lib/breaker.test.ts`,
        name: 'opens only after as many failures in a row as it allows',
      },
    ],
  },
  {
    id: 'D12',
    title: 'password hashing is bounded',
    tests: [
      {
        file: `${SERVER}/people/passwords.test.ts`,
        name: 'two hashes run at once, a hundred wait, and the next is refused at once',
      },
    ],
  },
  { id: 'D13', title: 'HTTP/1.1 only' },
  { id: 'D14', title: 'nothing kills the process' },
  { id: 'L1', title: 'processes only from the file' },
  {
    id: 'L2',
    title: 'what a child sees and is allowed',
    lacks: 'a user and resource limits of its own: Node cannot set them, a container or systemd can',
    tests: [
      {
        file: `${SERVER}/upstream/stdio-hostile.test.ts`,
        name: 'sees exactly the environment, arguments and folder that were declared',
      },
    ],
  },
  { id: 'L3', title: 'nothing read is run or opened' },
  { id: 'L4', title: 'loopback unless told otherwise' },
  { id: 'L5', title: 'no default credentials' },
  { id: 'L6', title: 'no switches for protection' },
  {
    id: 'E1',
    title: 'special addresses in every spelling',
    tests: [{ file: `${SERVER}/egress/guard.test.ts`, name: 'refuses http://%s' }],
  },
  {
    id: 'E2',
    title: 'rebinding gains nothing',
    tests: [
      {
        file: `${SERVER}/egress/guard.test.ts`,
        name: 'E2: a name that changes its address between two looks gains nothing, in 200 tries',
      },
    ],
  },
  { id: 'E3', title: 'redirects are not followed' },
  {
    id: 'E4',
    title: 'caps on answers',
    tests: [
      { file: `${SERVER}/egress/caps.test.ts`, name: 'is cut at the cap of bytes, with bounded memory' },
    ],
  },
  { id: 'E5', title: 'errors tell nothing of inside' },
  { id: 'E6', title: 'schemes, ports, user information' },
  { id: 'E7', title: 'never itself or metadata' },
  { id: 'G1', title: 'no credential passes through' },
  {
    id: 'G2',
    title: "never another person's credential",
    eras: BOTH,
    tests: [
      {
        file: 'packages/server/test/connections.test.ts',
        name: 'G2: 50 people with the same request id at once, and nobody gets what is another’s',
      },
    ],
  },
  { id: 'G4', title: 'a key on every address' },
  { id: 'G5', title: 'ids are not authority' },
  {
    id: 'G7',
    title: 'what is cut off ends within a second',
    lacks: 'people, agents and apps: grants alone are ended here',
  },
  { id: 'G8', title: 'nobody chooses the upstream' },
  { id: 'G10', title: 'test and refresh obey the rules' },
  { id: 'A4', title: 'codes: once, short, bound' },
  { id: 'A5', title: 'refresh rotation is atomic, across restarts' },
  { id: 'A8', title: 'registration is limited' },
  { id: 'A12', title: 'client ID metadata documents' },
  { id: 'T1', title: 'changes are held back' },
  {
    id: 'T2',
    title: 'approval bound to the target',
    tests: [
      {
        file: `${SERVER}/registry/servers.test.ts`,
        name: 'the target is URL and path, or command, arguments and package',
      },
    ],
  },
  { id: 'T3', title: 'nothing of a pending server' },
  { id: 'T4', title: 'no shadowing' },
  { id: 'R1', title: 'kill -9 with tasks under way' },
  { id: 'R2', title: 'acknowledged once it is on disk' },
  { id: 'R3', title: 'no work is begun twice' },
  { id: 'R4', title: 'parallel refreshes, one lineage, nobody stuck' },
  { id: 'R5', title: 'no replay after a restart' },
  {
    id: 'R22',
    title: 'clocks that are wrong or set',
    lacks: 'several instances: there is one',
    tests: [
      {
        file: `${SERVER}/lib/steady-clock.test.ts`,
        name: 'goes on at half speed while the machine’s, set back, catches up',
      },
    ],
  },
  { id: 'R23', title: 'new signing keys fail nobody' },
  {
    id: 'R24',
    title: 'rotation of the master key, killed midway',
    tests: [
      {
        file: `${SERVER}/sealing/rotation-killed.test.ts`,
        name: 'R24: 10,000 secrets, killed -9 midway several times: all open at every step, and the old key goes',
      },
    ],
  },
  {
    id: 'R26',
    title: 'a storm of sign-ins',
    tests: [
      {
        file: 'packages/server/test/people-sign-in.test.ts',
        name: 'D12: of 300 sign-ins at once those beyond the queue are refused with 429 and told when to come back',
      },
    ],
  },
  { id: 'R35', title: 'no secret in logs, database or metrics', lacks: 'the hubs of other cases' },
  {
    id: 'R8',
    title: 'disk full; a bad upstream hurts no other',
    tests: [
      {
        file: `${SERVER}/store/disk-full.test.ts`,
        name: 'a full disk refuses writes, keeps reads, and is left again by itself; no acknowledged write is lost',
      },
    ],
  },
  { id: 'R6', title: 'what was acknowledged is on record', lacks: '`verify`, which is not there' },
  { id: 'R10', title: 'upstream crash, hang, restart' },
  { id: 'R11', title: 'client disconnect' },
  { id: 'R12', title: 'streams on which nothing happens' },
  { id: 'R13', title: 'streams that come and go' },
  { id: 'R14', title: 'slow consumers' },
  { id: 'R15', title: 'drain' },
  {
    id: 'R30',
    title: 'webhooks reach their receiver, whatever dies',
    tests: [
      {
        file: `${SERVER}/webhooks/killed.test.ts`,
        name: 'R30: killed -9 three times, a receiver that fails: all that was on disk is told, in order, each with one id',
      },
    ],
  },
  {
    id: 'R31',
    title: 'stdio children',
    tests: [
      {
        file: `${SERVER}/upstream/stdio-hostile.test.ts`,
        name: 'do not outlive a hub that was killed with SIGKILL',
      },
    ],
  },
  { id: 'JSONTestSuite', title: 'as bodies and arguments', eras: BOTH },
  { id: 'FUZZ', title: '20,000 seeded cases or more' },
]
