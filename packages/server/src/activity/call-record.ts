import type { ActivityFace, ActivityRecord, CapabilityName, Decision, Principal } from '@parley/contract'

/** A plain call as its record tells of it: the whole principal and decision, because they are the same for many. */
export interface CallRecord {
  readonly face: ActivityFace
  readonly principal: Principal
  readonly action: string
  readonly capability: CapabilityName | undefined
  readonly definitionHash: string | undefined
  /** Undefined when the call failed before anything was decided; that counts as `deny`. */
  readonly decision: Decision | undefined
  readonly argumentsDigest: string | undefined
  readonly at: number
  readonly requestId: string
  readonly traceId: string | undefined
  readonly catalogVersion: number
  readonly peopleVersion: number
  readonly result: ActivityRecord['result']
  readonly latencyMicros: number
}

/** The same in the one form of all records. */
export function toActivityRecord(call: CallRecord): ActivityRecord {
  const { principal, decision } = call
  const { person, app, grant } = principal
  const { capability, definitionHash, argumentsDigest, traceId } = call
  const obligations = obligationsOf(decision)
  return {
    face: call.face,
    action: call.action,
    at: call.at,
    requestId: call.requestId,
    ...(traceId === undefined ? {} : { traceId }),
    subject: principal.subject,
    ...(person === undefined ? {} : { person }),
    chain: principal.chain,
    ...(app === undefined ? {} : { app }),
    ...(grant === undefined ? {} : { grant }),
    ...(capability === undefined ? {} : { capability }),
    ...(argumentsDigest === undefined ? {} : { argumentsDigest }),
    ...(definitionHash === undefined ? {} : { definitionHash }),
    decision: decision?.kind ?? 'deny',
    policies: decision?.policies ?? [],
    policyVersion: decision?.policyVersion ?? 0,
    catalogVersion: call.catalogVersion,
    peopleVersion: call.peopleVersion,
    ...(obligations === undefined ? {} : { obligations }),
    result: call.result,
    latencyMicros: call.latencyMicros,
  }
}

/** What the call had to submit to; undefined where that is nothing. */
function obligationsOf(decision: Decision | undefined): ActivityRecord['obligations'] {
  if (decision?.kind !== 'allow') return undefined
  return Object.keys(decision.obligations).length === 0 ? undefined : decision.obligations
}
