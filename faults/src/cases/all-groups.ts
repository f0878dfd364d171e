import type { FaultGroup } from '../run/fault-case.ts'
import { approvalGroup } from './approval.ts'
import { bodiesGroup } from './bodies.ts'
import { cancellingGroup } from './cancelling.ts'
import { corpusGroup, isCorpusMissing } from './corpus.ts'
import { egressGroup } from './egress.ts'
import { fuzzGroup } from './fuzz.ts'
import { gatewayGroup } from './gateway.ts'
import { headersGroup } from './headers.ts'
import { localGroup } from './local.ts'
import { messagesGroup } from './messages.ts'
import { namespaceGroup } from './namespace.ts'
import { originGroup } from './origin.ts'
import { pinningGroup } from './pinning.ts'
import { processGroup } from './process.ts'
import { requestStateGroup } from './request-state.ts'
import { sessionsGroup } from './sessions.ts'
import { streamsGroup } from './streams.ts'
import { transportGroup } from './transport.ts'
import { unwantedRequestsGroup } from './unwanted-requests.ts'
import { upstreamFaultsGroup } from './upstream-faults.ts'

/** All groups in the order they run: the protocol first, what takes the hub down last. */
export const faultGroups: readonly FaultGroup[] = [
  headersGroup,
  originGroup,
  messagesGroup,
  requestStateGroup,
  sessionsGroup,
  cancellingGroup,
  unwantedRequestsGroup,
  pinningGroup,
  approvalGroup,
  gatewayGroup,
  egressGroup,
  localGroup,
  bodiesGroup,
  transportGroup,
  streamsGroup,
  upstreamFaultsGroup,
  processGroup,
  corpusGroup,
  fuzzGroup,
  namespaceGroup,
]

/** What the list asks for and nothing here can try yet, with the reason; printed with every run. */
export const notApplicable: readonly string[] = [
  'D12 there is no login yet, so no password hashing to flood',
  'P5 the lifetime of a request state needs a clock that tests can turn',
  'P6, P8 use by another person: there is one principal until accounts exist',
  'D7 reaping a peer that vanished without a word needs a network that drops packets',
  ...(isCorpusMissing
    ? ['D14 JSONTestSuite is not beside this checkout (../shared/corpora/jsontestsuite)']
    : []),
]
