import { existsSync } from 'node:fs'
import { outcomeOf, type FaultGroup, type Outcome } from '../run/fault-case.ts'
import { wantedCases } from '../run/run-groups.ts'
import type { Settings } from '../run/settings.ts'
import { a2aDurableGroup, hasStrace } from './a2a-durable.ts'
import { a2aKillsGroup } from './a2a-kills.ts'
import { a2aStreamsGroup } from './a2a-streams.ts'
import { a2aWebhooksGroup } from './a2a-webhooks.ts'
import { approvalGroup } from './approval.ts'
import { bodiesGroup } from './bodies.ts'
import { brokenAnswersGroups } from './broken-answers.ts'
import { cancellingGroup } from './cancelling.ts'
import { clientDocumentsGroup } from './client-documents.ts'
import { clocksGroup } from './clocks.ts'
import { codesGroup } from './codes.ts'
import { connectionsGroup } from './connections.ts'
import { corpusGroup } from './corpus.ts'
import { cutOffGroup } from './cut-off.ts'
import { egressGroup } from './egress.ts'
import { fuzzGroup } from './fuzz.ts'
import { gatewayGroup } from './gateway.ts'
import { headersGroup } from './headers.ts'
import { keyRotationGroup } from './key-rotation.ts'
import { killedConsentGroup } from './killed-consent.ts'
import { localGroup } from './local.ts'
import { markedSecretsGroup } from './marked-secrets.ts'
import { messagesGroup } from './messages.ts'
import { namespaceGroup } from './namespace.ts'
import { oddRequestsGroup } from './odd-requests.ts'
import { originGroup } from './origin.ts'
import { pinningGroup } from './pinning.ts'
import { processGroup } from './process.ts'
import { refreshTokensGroup } from './refresh-tokens.ts'
import { registrationFloodGroup } from './registration-flood.ts'
import { requestStateGroup } from './request-state.ts'
import { sessionsGroup } from './sessions.ts'
import { signInStormGroup } from './sign-in-storm.ts'
import { slowReadersGroup } from './slow-readers.ts'
import { streamsGroup } from './streams.ts'
import { tasksGroup } from './tasks.ts'
import { transportGroup } from './transport.ts'
import { twoPersonsGroup } from './two-persons.ts'
import { unwantedRequestsGroup } from './unwanted-requests.ts'
import { upstreamFaultsGroup } from './upstream-faults.ts'
import { upstreamSpeedGroup } from './upstream-speed.ts'

/** The longest come first, so that none of them runs alone at the end. How to add one: faults/README.md. */
const GROUPS: readonly FaultGroup[] = [
  ...brokenAnswersGroups,
  upstreamFaultsGroup,
  processGroup,
  refreshTokensGroup,
  localGroup,
  transportGroup,
  headersGroup,
  originGroup,
  messagesGroup,
  oddRequestsGroup,
  requestStateGroup,
  sessionsGroup,
  cancellingGroup,
  unwantedRequestsGroup,
  pinningGroup,
  approvalGroup,
  codesGroup,
  killedConsentGroup,
  clocksGroup,
  keyRotationGroup,
  clientDocumentsGroup,
  twoPersonsGroup,
  connectionsGroup,
  cutOffGroup,
  a2aKillsGroup,
  a2aWebhooksGroup,
  a2aDurableGroup,
  tasksGroup,
  markedSecretsGroup,
  registrationFloodGroup,
  gatewayGroup,
  egressGroup,
  bodiesGroup,
  corpusGroup,
  streamsGroup,
  a2aStreamsGroup,
  slowReadersGroup,
  upstreamSpeedGroup,
  signInStormGroup,
  fuzzGroup,
  namespaceGroup,
]

/** All groups that can run here. */
export function faultGroups(settings: Settings): FaultGroup[] {
  const left = new Set(lacking(settings).map(({ group }) => group))
  return GROUPS.filter((group) => !left.has(group))
}

/** Cases that cannot run here, with the reason. */
export function leftOut(settings: Settings): Outcome[] {
  return lacking(settings).flatMap(({ group, reason }) =>
    wantedCases(group, settings).map((fault) => outcomeOf(group, fault, 'not run', reason)),
  )
}

function lacking({ corpusDir }: Settings): { group: FaultGroup; reason: string }[] {
  return [
    ...(existsSync(corpusDir)
      ? []
      : [{ group: corpusGroup, reason: `there is no JSONTestSuite at ${corpusDir}` }]),
    ...(hasStrace() ? [] : [{ group: a2aDurableGroup, reason: 'there is no strace' }]),
  ]
}
