import type { A2aLeg } from './run-a2a-legs.ts'
import type { Outcome } from './run-suite.ts'

/** A check that a subject of ours does not pass, and why. Everything else it must pass. */
export interface Exception {
  readonly check: string
  /** Default: wherever it is run. */
  readonly where?: readonly Outcome['where'][]
  readonly reason: string
}

/** What @a2a-js/sdk 1.3.0 does otherwise than the specification 1.0.1, seen with the reference agent. */
const agent: readonly Exception[] = [
  {
    check: 'the same message twice makes one task',
    reason: 'it may, and the SDK does not look for a message that it has seen',
  },
  {
    check: 'a list of what changed since a time has what changed at that very time',
    reason: 'the SDK lists what is later than statusTimestampAfter, the proto says later or equal',
  },
  {
    check: 'a historyLength below zero is refused',
    where: ['JSONRPC', 'GRPC'],
    reason: 'the SDK refuses it over HTTP+JSON alone',
  },
  {
    check: 'data may be null',
    reason: 'the SDK takes a null for nothing and makes an empty part of it',
  },
  {
    check: 'a message without what is required is refused, and makes no task',
    reason: 'the SDK wants a messageId alone',
  },
  {
    check: 'a value of another type is refused',
    reason: 'the SDK turns numbers into texts, and unknown roles into none',
  },
  {
    check: 'a refusal names the field that is wrong',
    reason: 'the SDK accepts a message without parts',
  },
  {
    check: 'who has the card of an ETag is not sent it again',
    reason: 'the SDK sends an ETag and takes no notice of If-None-Match',
  },
  { check: 'the card has Last-Modified', reason: 'it may, and the SDK has none' },
  {
    check: 'what is no request is an invalid request',
    reason: 'the SDK answers -32602 instead of -32600',
  },
  {
    check: 'a patch number makes no difference',
    reason: 'the SDK refuses 1.0.1 as a version that it does not speak',
  },
  {
    check: 'a patch number of 0.3 makes no difference',
    reason: 'the SDK refuses 0.3.0 as a version that it does not speak',
  },
  {
    check: 'the version may stand in the query instead of the header',
    reason: 'the SDK reads the header alone',
  },
  {
    check: 'no version, and an empty one, are 0.3',
    where: ['HTTP+JSON'],
    reason: 'the SDK serves addresses of 1.0 to requests of 0.3',
  },
  {
    check: 'a webhook at an address of the inside is refused',
    reason: 'the SDK takes every address',
  },
  {
    check: 'credentials of a webhook are not told again',
    reason: 'the SDK shows them to who asks for the webhook',
  },
]

/** What the hub cannot mend for an agent behind it, or for a client. */
const hub: readonly Exception[] = [
  {
    check: 'data may be null',
    reason: 'the SDK agent behind the hub takes a null for nothing',
  },
  {
    check: 'the reference SDK takes the signature of the card for good, and not that of another card',
    reason:
      'the SDK leaves security schemes out of what is signed (§8.4.1 does not), and the hub’s card has some',
  },
]

/** What an agent without streams cannot tell: its answer is there as a whole. */
const plain: readonly Exception[] = [
  'a stream begins with the task, tells what happens in its order, and ends with the task',
  'chunks of an artifact come in order, and are one artifact afterwards',
  'a second turn that is streamed tells each event once, to the end of the task',
  'message/stream of 0.3 has events of 0.3, the last of them final',
  'POST /v1/message:stream of 0.3 is a stream, the last event of which is final',
].map((check) => ({
  check,
  reason: 'an agent that cannot stream tells its states and chunks at once, when it is done',
}))

export function exceptionsOf(subject: A2aLeg['subject']): readonly Exception[] {
  if (subject === 'agent') return agent
  return subject === 'hub' ? hub : [...hub, ...plain]
}

export function exceptionFor(
  exceptions: readonly Exception[],
  { check, where }: Outcome,
): Exception | undefined {
  return exceptions.find((each) => each.check === check.says && (each.where?.includes(where) ?? true))
}
